"""A small race to test with."""

from typing import Any

from overfit_core import PRESETS
from overfit_core.comparison.target import Target
from overfit_core.racing import RacePlan

SPEC = PRESETS["article-2"].spec


def plan(**changes: Any) -> RacePlan:  # noqa: ANN401
    given = {
        "spec": SPEC,
        "optimizers": [{"name": "Adam"}, {"name": "SGD", "arguments": {"momentum": 0.9}}],
        "learning_rates": (0.1, 0.01),
        "seeds": (3, 4),
        "target": Target("loss", 0.1),
    }
    return RacePlan.load(given | changes)
