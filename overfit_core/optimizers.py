"""The catalogue of Keras 3.15's optimizers: what each takes, its default, its range.

The tables need no TensorFlow; only `build_optimizer` imports Keras. A new optimizer
is one new entry in `OPTIMIZERS`, and a test compares each entry with the signature
of the Keras class.
"""
# One line per entry, however long: the table is read down its columns.
# ruff: noqa: E501

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from overfit_core.errors import Problem, SpecError, shown, unknown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from overfit_core.spec import OptimizerSpec

Value = bool | int | float | str | None
ArgumentType = Literal["float", "int", "bool", "names"]


@dataclass(frozen=True)
class Argument:
    """One argument of an optimizer's constructor.

    Attributes:
        name: As Keras names it.
        type: `names` is a comma-separated text, such as `"dense_1, head"`.
        default: As in Keras. None means that the feature is off.
        minimum: Smallest value taken (None for bool and names).
        maximum: Largest value taken (None for bool and names).
        meaning: One line for a reader.
        optional: Whether None (off) is taken.
    """

    name: str
    type: ArgumentType
    default: Value
    minimum: float | None
    maximum: float | None
    meaning: str
    optional: bool = False


@dataclass(frozen=True)
class Optimizer:
    """One optimizer: its own arguments come first, those that all have in common last."""

    name: str
    label: str
    meaning: str
    learning_rate: float
    source: str
    arguments: tuple[Argument, ...]

    @property
    def by_name(self) -> dict[str, Argument]:
        """The arguments by their names."""
        return {argument.name: argument for argument in self.arguments}


def _real(
    name: str, default: float | None, low: float, high: float, meaning: str, optional: bool = False
) -> Argument:
    return Argument(name, "float", default, low, high, meaning, optional or default is None)


def _whole(name: str, default: int | None, low: int, high: int, meaning: str) -> Argument:
    return Argument(name, "int", default, low, high, meaning, default is None)


def _switch(name: str, default: bool, meaning: str) -> Argument:
    return Argument(name, "bool", default, None, None, meaning)


LEARNING_RATE = _real("learning_rate", 0.001, 1e-9, 1e3, "How far one step goes.")
"""The range of every learning rate; the default differs per optimizer."""

BELOW_1 = 0.999_999_9
"""Largest rate of forgetting: in float32 the next one is 1, which never learns (0 / 0)."""

# fmt: off
COMMON = (
    _real("clipnorm", None, 1e-9, 1e9, "Longest gradient of one variable (norm)."),
    _real("clipvalue", None, 1e-9, 1e9, "Largest single entry of a gradient."),
    _real("global_clipnorm", None, 1e-9, 1e9, "Longest gradient of all variables together (norm)."),
    _switch("use_ema", False, "Keep an exponential moving average of the weights."),
    _real("ema_momentum", 0.99, 0.0, BELOW_1, "Share of the old average that is kept at each step."),
    _whole("ema_overwrite_frequency", None, 1, 1_000_000, "Put the average into the net every so many steps; off: only at the end."),
    _real("loss_scale_factor", None, 1e-6, 1e6, "Multiplies the loss before the gradients, which are divided by it again."),
    _whole("gradient_accumulation_steps", None, 2, 10_000, "Epochs whose gradients are averaged into one step."),
)
WEIGHT_DECAY = _real("weight_decay", None, 0.0, 1.0, "Share of every weight that is taken away per step, times the learning rate.")
OFF = (WEIGHT_DECAY, *COMMON)


def _beta_1(default: float = 0.9, low: float = 0.0) -> Argument:
    return _real("beta_1", default, low, BELOW_1, "Memory of the average gradient.")


def _beta_2(default: float = 0.999) -> Argument:
    return _real("beta_2", default, 0.0, BELOW_1, "Memory of the average squared gradient.")


def _epsilon(default: float = 1e-7) -> Argument:
    return _real("epsilon", default, 1e-12, 1.0, "Keeps a division by the squared gradient from blowing up.")


def _start(default: float = 0.1) -> Argument:
    return _real("initial_accumulator_value", default, 0.0, 1e6, "Where the sum of squared gradients starts.")


AMSGRAD = _switch("amsgrad", False, "Divide by the largest squared gradient seen, never by a smaller one.")
MOMENTUM = _real("momentum", 0.0, 0.0, 1.0, "Share of the last step that is taken again; 0 = none.")
ADAM = (_beta_1(), _beta_2(), _epsilon())

_ENTRIES = (
    Optimizer("SGD", "SGD", "Steps straight down the gradient, with momentum if wanted.", 0.01, "Robbins and Monro, 1951", (
        MOMENTUM,
        _switch("nesterov", False, "Look at the gradient where the momentum is going."),
        *OFF)),
    Optimizer("RMSprop", "RMSprop", "Divides by a moving root mean square of the gradient.", 0.001, "Hinton, 2012", (
        _real("rho", 0.9, 0.0, BELOW_1, "Memory of the average squared gradient."),
        MOMENTUM, _epsilon(),
        _switch("centered", False, "Divide by the variance of the gradient instead."),
        *OFF)),
    Optimizer("Adam", "Adam", "Momentum, divided by the size of recent gradients.", 0.001, "https://arxiv.org/abs/1412.6980", (
        *ADAM, AMSGRAD, *OFF)),
    Optimizer("AdamW", "AdamW", "Adam with weight decay kept out of the gradient.", 0.001, "https://arxiv.org/abs/1711.05101", (
        *ADAM, AMSGRAD,
        _real("weight_decay", 0.004, 0.0, 1.0, WEIGHT_DECAY.meaning),
        *COMMON)),
    Optimizer("Adamax", "Adamax", "Adam with the largest recent gradient instead of the average.", 0.001, "https://arxiv.org/abs/1412.6980", (
        *ADAM, *OFF)),
    Optimizer("Nadam", "Nadam", "Adam with Nesterov's look ahead.", 0.001, "Dozat, 2015", (
        *ADAM, *OFF)),
    Optimizer("Adagrad", "Adagrad", "Divides by all gradients so far, so steps only shrink.", 0.001, "Duchi et al., 2011", (
        _start(), _epsilon(), *OFF)),
    Optimizer("Adadelta", "Adadelta", "Scales each step by the size of recent steps; the paper uses learning rate 1.", 0.001, "https://arxiv.org/abs/1212.5701", (
        _real("rho", 0.95, 0.0, BELOW_1, "Memory of the squared gradients and steps."),
        _epsilon(), *OFF)),
    Optimizer("Adafactor", "Adafactor", "Adam with a squared gradient kept per row and column only.", 0.001, "https://arxiv.org/abs/1804.04235", (
        _real("beta_2_decay", -0.8, -10.0, 0.0, "How fast the memory of squared gradients grows with the steps."),
        _real("epsilon_1", 1e-30, 1e-37, 1.0, "Added to the squared gradient. In float32 the default becomes 0 where a ReLU unit is off, and every weight NaN: 1e-12 helps."),
        _real("epsilon_2", 1e-3, 1e-12, 1.0, "Smallest size of a weight when a step is scaled by it."),
        _real("clip_threshold", 1.0, 1e-6, 1e6, "Largest root mean square of a step before scaling."),
        _switch("relative_step", True, "Step at most 1 / √t; Keras 3.15 does so even when this is off."),
        *OFF)),
    Optimizer("Ftrl", "FTRL", "Follow the regularised leader: made for sparse linear models.", 0.001, "McMahan et al., 2013", (
        _real("learning_rate_power", -0.5, -2.0, 0.0, "How fast steps shrink with the gradients so far; 0 = not at all."),
        _start(),
        _real("l1_regularization_strength", 0.0, 0.0, 1e3, "Pulls weights to exactly zero."),
        _real("l2_regularization_strength", 0.0, 0.0, 1e3, "Pulls weights towards zero."),
        _real("l2_shrinkage_regularization_strength", 0.0, 0.0, 1e3, "Adds the weight itself to its gradient."),
        _real("beta", 0.0, 0.0, 1e3, "Makes the first steps smaller."),
        *OFF)),
    Optimizer("Lion", "Lion", "Steps by the sign of the momentum: every weight moves equally far.", 0.001, "https://arxiv.org/abs/2302.06675", (
        _beta_1(low=1e-6), _beta_2(0.99), *OFF)),
    Optimizer("Lamb", "LAMB", "Adam, with each layer's step scaled to its weights.", 0.001, "https://arxiv.org/abs/1904.00962", (
        *ADAM, *OFF)),
    Optimizer("Muon", "Muon", "Turns the step of every weight matrix into a rotation; AdamW for the rest.", 0.001, "https://arxiv.org/abs/2502.16982", (
        _real("momentum", 0.95, 0.0, BELOW_1, "Memory of the average gradient of matrices."),
        _switch("nesterov", True, "Look at the gradient where the momentum is going."),
        _whole("ns_steps", 5, 1, 20, "Newton-Schulz iterations that make the step orthogonal."),
        _real("rms_rate", 0.2, 1e-6, 1e3, "Scales the step to the size of Adam's; off: no scaling.", optional=True),
        _real("muon_a", 3.4445, -100.0, 100.0, "First coefficient of the iteration."),
        _real("muon_b", -4.7750, -100.0, 100.0, "Second coefficient of the iteration."),
        _real("muon_c", 2.0315, -100.0, 100.0, "Third coefficient of the iteration."),
        _real("adam_beta_1", 0.9, 0.0, BELOW_1, "AdamW's part: memory of the average gradient."),
        _real("adam_beta_2", 0.999, 0.0, BELOW_1, "AdamW's part: memory of the squared gradient."),
        _real("adam_lr_ratio", 1.0, 1e-6, 1e6, "AdamW's part: its learning rate as a multiple."),
        _real("adam_weight_decay", 0.004, 0.0, 1.0, "AdamW's part: its weight decay.", optional=True),
        _epsilon(),
        Argument("exclude_layers", "names", None, None, None, "Layers left to AdamW, by name, with commas between.", optional=True),
        _switch("exclude_embeddings", True, "Leave embeddings to AdamW."),
        _real("weight_decay", 0.004, 0.0, 1.0, WEIGHT_DECAY.meaning, optional=True),
        *COMMON)),
    Optimizer("ScheduleFreeAdamW", "Schedule-free AdamW", "AdamW that averages its way, so that it needs no schedule.", 0.0025, "https://arxiv.org/abs/2405.15682", (
        _beta_1(low=1e-6), _beta_2(), _epsilon(1e-8),
        _whole("warmup_steps", 0, 0, 1_000_000, "Steps over which the learning rate rises from 0."),
        *OFF)),
)
# fmt: on

OPTIMIZERS: dict[str, Optimizer] = {entry.name: entry for entry in _ENTRIES}
"""Every optimizer of Keras 3.15, by class name, in the order in which a page lists them."""


def check_arguments(name: str, arguments: Mapping[str, object]) -> dict[str, Value]:
    """Check the arguments of one optimizer and return those that differ from the default.

    Args:
        name: Class name of the optimizer, such as `"Adam"`.
        arguments: Values by argument name, without the learning rate.

    Returns:
        The same values in the catalogue's order and types, defaults left out.

    Raises:
        SpecError: With a problem, from the optimizer's root, for everything that is wrong.
    """
    if name not in OPTIMIZERS:
        raise SpecError.at(("name",), unknown("optimizer", name, OPTIMIZERS), name)
    known = OPTIMIZERS[name].by_name
    problems = [
        Problem(("arguments", given), unknown(f"argument of {name}", given, known), value)
        for given, value in arguments.items()
        if given not in known
    ]
    checked: dict[str, Value] = {}
    for argument in known.values():
        if argument.name in arguments:
            value = arguments[argument.name]
            fault = _fault(argument, value)
            if fault:
                problems.append(Problem(("arguments", argument.name), fault, value))
            else:
                checked[argument.name] = _typed(argument, value)
    everything = {key: argument.default for key, argument in known.items()} | checked
    problems += [problem.under("arguments") for problem in _contradictions(everything)]
    if problems:
        raise SpecError(problems)
    return {key: value for key, value in checked.items() if value != known[key].default}


def _fault(argument: Argument, value: object) -> str | None:
    """Return what is wrong with `value`, or None."""
    name = argument.name
    if value is None:
        way_out = f"Leave it out for its default, {argument.default!r}."
        return None if argument.optional else f"{name} cannot be off (None). {way_out}"
    if argument.type == "bool":
        fits = isinstance(value, bool)
        return None if fits else f"{name} must be true or false, not {shown(value)}."
    if argument.type == "names":
        if isinstance(value, str) and re.fullmatch(r"[\w ,]{1,500}", value, re.ASCII):
            return None
        return (
            f"{name} must be layer names with commas between, such as 'head', not {shown(value)}."
        )
    kinds = (int,) if argument.type == "int" else (int, float)
    noun = "a whole number" if argument.type == "int" else "a number"
    if isinstance(value, bool) or not isinstance(value, kinds):
        return f"{name} must be {noun}, not {shown(value)}."
    assert argument.minimum is not None and argument.maximum is not None
    if not argument.minimum <= value <= argument.maximum:
        way_out = f"Choose {noun} from {argument.minimum:g} to {argument.maximum:.7g}."
        return f"{name} is {shown(value)}, which is out of range. {way_out}"
    return None


def _typed(argument: Argument, value: Any) -> Value:  # noqa: ANN401 - checked just before
    if value is None:
        return None
    if argument.type == "names":
        return ",".join(filter(None, (name.strip() for name in value.split(",")))) or None
    return float(value) if argument.type == "float" else value


def _contradictions(values: Mapping[str, Value]) -> list[Problem]:
    """Return the problems between arguments that are each fine alone."""
    problems = []
    clips = ("clipnorm", "clipvalue", "global_clipnorm")
    on = [name for name in clips if values[name] is not None]
    if len(on) > 1:
        message = f"{' and '.join(on)} are set, but Keras clips in one way only. Keep one of them."
        problems += [Problem((name,), message, values[name]) for name in on]
    if values.get("nesterov") and not values["momentum"]:
        message = (
            "nesterov does nothing without momentum. Set momentum to 0.9, or turn nesterov off."
        )
        problems.append(Problem(("nesterov",), message, True))
    frequency = values["ema_overwrite_frequency"]
    if frequency is not None and not values["use_ema"]:
        message = (
            f"ema_overwrite_frequency is {frequency}, but there is no moving average."
            " Turn use_ema on, or leave the frequency out."
        )
        problems.append(Problem(("ema_overwrite_frequency",), message, frequency))
    return problems


def build_optimizer(spec: OptimizerSpec) -> Any:  # noqa: ANN401 - Keras is untyped
    """Return the Keras optimizer that `spec` describes, not yet built for a model.

    Args:
        spec: A checked optimizer spec; its schedule becomes a Keras schedule.

    Returns:
        A `keras.optimizers.Optimizer` of the class that `spec.name` names.
    """
    import keras

    arguments: dict[str, Any] = dict(spec.arguments)
    if arguments.get("exclude_layers"):
        arguments["exclude_layers"] = arguments["exclude_layers"].split(",")
    learning_rate = spec.schedule.build(spec.base_learning_rate)
    return getattr(keras.optimizers, spec.name)(learning_rate=learning_rate, **arguments)
