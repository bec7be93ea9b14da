"""A network that is too small for the batch."""

from __future__ import annotations

from overfit_core.diagnosis.drawings import bars
from overfit_core.diagnosis.facts import Change, Drawing, Evidence, Facts, Rule
from overfit_core.diagnosis.rules.too_few_epochs import FALL, falling


def find(facts: Facts) -> Evidence | None:
    """Hold for hidden layers whose loss has come to rest too high; the trial decides."""
    hidden, run = facts.model.hidden, facts.run
    if run is None or run.attained or not hidden or run.non_finite is not None:
        return None
    if falling(run.losses, facts.floor.loss) >= FALL:
        return None
    return {"parameters": facts.model.trainable, "samples": facts.batch.samples,
            "narrowest_layer": min(layer.units or 0 for layer in hidden)}  # fmt: skip


def changes(_facts: Facts) -> list[Change]:
    """Make the hidden layers wider."""
    return [_wider(4), _wider(16)]


def _wider(times: int) -> Change:
    text = f"Make the hidden layers {times} times as wide."
    return Change(RULE.id, "layers.times", times, text, f"Dense({times} * units, …)")


def drawing(facts: Facts, evidence: Evidence) -> Drawing | None:
    """Draw how wide the hidden layers are."""
    units = {layer.name: layer.units or 0 for layer in facts.model.hidden}
    narrow = [name for name in units if units[name] == evidence["narrowest_layer"]]
    title = "A layer passes on no more numbers than it has units."
    return bars(title, units, axis="Units", marked=narrow)


RULE = Rule(
    id="too_little_capacity",
    title="The network is too small for this batch",
    why=(
        "The loss has come to rest where it is too high. A copy of the same network with wider "
        "hidden layers, trained on the same batch, comes far lower."
    ),
    source="Zhang et al. 2017, Understanding deep learning requires rethinking generalization",
    find=find,
    changes=changes,
    suspicion=True,
    drawing=drawing,
)
