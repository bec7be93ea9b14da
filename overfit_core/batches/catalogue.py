"""Where a batch can come from: every source with its task, its sizes and its settings.

Everything here is known without making any data, and without scikit-learn.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from overfit_core.spec import BatchSpec

Task = Literal["binary", "multiclass", "regression"]
SettingName = Literal["noise", "classes", "features", "steps"]

SETTING_NAMES: tuple[SettingName, ...] = ("noise", "classes", "features", "steps")
"""Settings that some sources have and others refuse."""

MAX_SAMPLES = 2048
"""Most samples of a batch, and most held-out samples."""


@dataclass(frozen=True)
class Setting:
    """One setting of a source.

    Attributes:
        default: what an empty setting means; an int where only whole numbers are allowed.
        minimum: smallest value allowed.
        maximum: largest value allowed.
        meaning: one line for the person who sets it.
    """

    default: int | float
    minimum: int | float
    maximum: int | float
    meaning: str


@dataclass(frozen=True)
class BatchShape:
    """Shape and task of a batch.

    Attributes:
        inputs: shape of one sample: (features,), (steps, channels) or (height, width, channels).
        outputs: units of the head that fits: 1, or the number of classes for "multiclass".
        task: "binary", "multiclass" or "regression".
        classes: number of classes; None for regression.
    """

    inputs: tuple[int, ...]
    outputs: int
    task: Task
    classes: int | None


@dataclass(frozen=True)
class Source:
    """One place where a batch can come from.

    Attributes:
        id: name in a spec.
        label: name on a page.
        meaning: one or two sentences on what it is and where it is from.
        task: the task with all settings at their defaults; `shape(spec).task` is the one of a spec.
        inputs: shape of one sample; the letters "features" and "steps" stand for those settings.
        classes: number of classes where it is fixed; None where it is a setting, or for regression.
        max_samples: rows there are, for `samples` and `held_out` together; None: any number.
        settings: the settings it has, by name.
    """

    id: str
    label: str
    meaning: str
    task: Task
    inputs: tuple[int | SettingName, ...]
    classes: int | None = None
    max_samples: int | None = None
    settings: Mapping[SettingName, Setting] = field(default_factory=dict)

    def setting(self, spec: BatchSpec, name: SettingName) -> int | float:
        """The value of a setting in `spec`, or the source's default where it is empty."""
        value: int | float | None = getattr(spec, name)
        return self.settings[name].default if value is None else value

    def shape(self, spec: BatchSpec) -> BatchShape:
        """Shape and task of the batch that `spec` asks for. Two classes make the task binary."""
        inputs = tuple(
            int(self.setting(spec, axis)) if isinstance(axis, str) else axis for axis in self.inputs
        )
        if self.task == "regression":
            return BatchShape(inputs, 1, "regression", None)
        classes = self.classes or int(self.setting(spec, "classes"))
        if classes == 2:
            return BatchShape(inputs, 1, "binary", 2)
        return BatchShape(inputs, classes, "multiclass", classes)


def _noise(default: float, maximum: float, meaning: str) -> Setting:
    return Setting(default, 0.0, maximum, meaning)


_JITTER = "Standard deviation of the Gaussian noise added to each point."
_FEATURES = "Number of numbers in each input."
_CLASSES = "Number of classes; 2 make a yes-no question."
_BUNDLED = "Real data, bundled with scikit-learn."

_ALL = (
    Source(
        "article",
        "The article's four samples",
        "[1, 2], [3, 4], [5, 6], [7, 8] with the labels 0, 1, 0, 1. Fewer samples: the first ones.",
        "binary",
        (2,),
        classes=2,
        max_samples=4,
    ),
    Source(
        "xor",
        "XOR",
        "The corners of a square; 1 where exactly one coordinate is 1. No straight line parts "
        "them. More than four samples repeat the corners, so give them some noise.",
        "binary",
        (2,),
        classes=2,
        settings={"noise": _noise(0.0, 1.0, _JITTER)},
    ),
    Source(
        "moons",
        "Two moons",
        "Two half circles that reach into each other (scikit-learn's make_moons).",
        "binary",
        (2,),
        classes=2,
        settings={"noise": _noise(0.1, 1.0, _JITTER)},
    ),
    Source(
        "circles",
        "Two circles",
        "A small circle inside a large one (scikit-learn's make_circles).",
        "binary",
        (2,),
        classes=2,
        settings={"noise": _noise(0.05, 1.0, _JITTER)},
    ),
    Source(
        "spirals",
        "Spirals",
        "Arms that wind round each other, one for each class: hard for a small net.",
        "binary",
        (2,),
        settings={
            "noise": _noise(0.02, 1.0, _JITTER),
            "classes": Setting(2, 2, 6, "Number of arms; 2 make a yes-no question."),
        },
    ),
    Source(
        "blobs",
        "Blobs",
        "Round clouds of points, one for each class (scikit-learn's make_blobs).",
        "multiclass",
        ("features",),
        settings={
            "noise": _noise(
                1.0, 10.0, "Standard deviation of each cloud; centres lie within -10 .. 10."
            ),
            "classes": Setting(3, 2, 10, _CLASSES),
            "features": Setting(2, 1, 64, _FEATURES),
        },
    ),
    Source(
        "quantiles",
        "Gaussian quantiles",
        "One cloud cut into shells, one for each class (scikit-learn's make_gaussian_quantiles).",
        "multiclass",
        ("features",),
        settings={
            "classes": Setting(3, 2, 10, _CLASSES),
            "features": Setting(2, 1, 64, _FEATURES),
        },
    ),
    Source(
        "sine",
        "A sine",
        "y = sin(x) for x between -pi and pi, at random.",
        "regression",
        (1,),
        settings={
            "noise": _noise(0.0, 1.0, "Standard deviation of the Gaussian noise added to y.")
        },
    ),
    Source(
        "line",
        "A line",
        "y = 2 x - 1 for x between -1 and 1, at random.",
        "regression",
        (1,),
        settings={
            "noise": _noise(0.1, 1.0, "Standard deviation of the Gaussian noise added to y.")
        },
    ),
    Source(
        "iris",
        "Iris",
        f"Three kinds of iris by four lengths in cm (Fisher 1936). {_BUNDLED}",
        "multiclass",
        (4,),
        classes=3,
        max_samples=150,
    ),
    Source(
        "wine",
        "Wine",
        f"Three cultivars by thirteen chemical measurements. {_BUNDLED}",
        "multiclass",
        (13,),
        classes=3,
        max_samples=178,
    ),
    Source(
        "breast_cancer",
        "Breast cancer",
        f"Malignant or benign by thirty measurements of cell nuclei. {_BUNDLED}",
        "binary",
        (30,),
        classes=2,
        max_samples=569,
    ),
    Source(
        "diabetes",
        "Diabetes",
        f"Progress of the disease after a year (25 to 346) by ten measurements. {_BUNDLED}",
        "regression",
        (10,),
        max_samples=442,
    ),
    Source(
        "digits",
        "Digits 8×8",
        f"Handwritten digits as images of 8 by 8 pixels between 0 and 16. {_BUNDLED}",
        "multiclass",
        (8, 8, 1),
        classes=10,
        max_samples=1797,
    ),
    Source(
        "sensor",
        "Sensor windows",
        "Windows of a simulated sensor signal, normal or with a spike, a dropout, a level shift or "
        "a change of frequency.",
        "binary",
        ("steps", "features"),
        classes=2,
        settings={
            "noise": _noise(
                0.1, 2.0, "Standard deviation of the sensor's noise; the signal's is about 0.7."
            ),
            "features": Setting(3, 1, 8, "Number of channels."),
            "steps": Setting(32, 8, 256, "Number of steps in each window."),
        },
    ),
    Source(
        "random_labels",
        "Random labels",
        "Gaussian inputs with labels drawn at random: there is nothing to learn, only to memorise "
        "(Zhang et al. 2017, arXiv:1611.03530).",
        "multiclass",
        ("features",),
        settings={
            "classes": Setting(10, 2, 100, _CLASSES),
            "features": Setting(32, 1, 1024, _FEATURES),
        },
    ),
)

SOURCES: Mapping[str, Source] = MappingProxyType({source.id: source for source in _ALL})
"""Every source by its id, in the order in which they are offered."""
