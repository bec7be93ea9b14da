"""Whether the parts of a spec fit each other, and whether the whole is small enough to run.

Shapes, sizes and work are worked out from the settings alone: no data is made and
no TensorFlow is imported.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from overfit_core.batches import SETTING_NAMES, SOURCES
from overfit_core.errors import Problem, SpecError, unknown

if TYPE_CHECKING:
    from overfit_core.batches import Setting, Source
    from overfit_core.spec import BatchSpec, RunSpec


def check_batch(spec: BatchSpec) -> None:
    """Check that the source is known and can give what is asked of it.

    Raises:
        SpecError: With paths from the batch's root.
    """
    if spec.source not in SOURCES:
        raise SpecError.at(("source",), unknown("source", spec.source, SOURCES), spec.source)
    source = SOURCES[spec.source]
    problems = _too_few_rows(source, spec)
    for name in SETTING_NAMES:
        value = getattr(spec, name)
        if value is not None:
            problems += _setting_problems(source, name, source.settings.get(name), value)
    if problems:
        raise SpecError(problems)


def _too_few_rows(source: Source, spec: BatchSpec) -> list[Problem]:
    rows = source.max_samples
    if rows is None or spec.samples + spec.held_out <= rows:
        return []
    if spec.samples > rows:
        message = f"{source.label} has {rows} samples, not {spec.samples}. Choose at most {rows}."
        return [Problem(("samples",), message, spec.samples)]
    message = (
        f"{source.label} has {rows} samples, but {spec.samples} in the batch and {spec.held_out}"
        f" held out make {spec.samples + spec.held_out}. Hold out at most {rows - spec.samples}."
    )
    return [Problem(("held_out",), message, spec.held_out)]


def _setting_problems(
    source: Source, name: str, setting: Setting | None, value: float
) -> list[Problem]:
    if setting is None:
        has = ", ".join(source.settings) or "none"
        message = f"{source.label} has no setting {name} (its settings: {has}). Leave {name} empty."
    elif not setting.minimum <= value <= setting.maximum:
        message = f"{name} is {value}. Choose from {setting.minimum} to {setting.maximum}."
    else:
        return []
    return [Problem((name,), message, value)]


def check_parts_fit(spec: RunSpec) -> None:
    """Check shapes, loss, memory and work of the whole run.

    Raises:
        SpecError: With paths from the spec's root; a `ShapeError` where a layer cannot take the
            shape that arrives at it.
    """
    shape = SOURCES[spec.batch.source].shape(spec.batch).inputs
    for layer in spec.model.layers:
        shape = layer.output_shape(shape)
