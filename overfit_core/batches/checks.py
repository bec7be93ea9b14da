"""What can be wrong with a batch's settings, told before any data is made."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from overfit_core.batches.catalogue import SETTING_NAMES, SOURCES, Setting, Source
from overfit_core.errors import Problem, shown, unknown

if TYPE_CHECKING:
    from overfit_core.spec import BatchSpec


def batch_problems(spec: BatchSpec) -> list[Problem]:
    """Everything about `spec` that its source does not have or allow; paths start at the batch.

    The ranges that hold for every source (samples, seed, label noise) are the spec's own.
    """
    source = SOURCES.get(spec.source)
    if source is None:
        message = unknown("source", spec.source, SOURCES)
        return [Problem(("source",), message, spec.source)]
    return [
        *_setting_problems(source, spec),
        *_size_problems(source, spec),
        *_contradiction_problems(spec),
    ]


def _setting_problems(source: Source, spec: BatchSpec) -> list[Problem]:
    problems = []
    for name in SETTING_NAMES:
        value = getattr(spec, name)
        if value is None:
            continue
        setting = source.settings.get(name)
        if setting is None:
            has = ", ".join(source.settings) or "no settings of its own"
            message = (
                f"the source {source.id!r} has no {name}, but it is {shown(value)}; "
                f"leave it empty ({source.id!r} has {has})."
            )
            problems.append(Problem((name,), message, value))
        elif not _allowed(value, setting):
            whole = "a whole number" if isinstance(setting.default, int) else "a number"
            message = (
                f"{name} of the source {source.id!r} is {shown(value)}; "
                f"choose {whole} from {setting.minimum} to {setting.maximum}."
            )
            problems.append(Problem((name,), message, value))
    return problems


def _allowed(value: object, setting: Setting) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return False
    if isinstance(setting.default, int) and value != int(value):
        return False
    return setting.minimum <= value <= setting.maximum


def _size_problems(source: Source, spec: BatchSpec) -> list[Problem]:
    if source.max_samples is None or spec.samples + spec.held_out <= source.max_samples:
        return []
    message = (
        f"the source {source.id!r} has {source.max_samples} samples, but samples is "
        f"{spec.samples} and held_out is {spec.held_out}, {spec.samples + spec.held_out} together; "
        f"make them {source.max_samples} or fewer together."
    )
    if spec.samples > source.max_samples:
        return [Problem(("samples",), message, spec.samples)]
    return [Problem(("held_out",), message, spec.held_out)]


def _contradiction_problems(spec: BatchSpec) -> list[Problem]:
    most = spec.samples // 2
    if spec.contradictions <= most:
        return []
    message = (
        f"contradictions is {spec.contradictions}, but samples is {spec.samples}: at most "
        f"{most} of them can repeat another one. Make it {most} or less, or take more samples."
    )
    return [Problem(("contradictions",), message, spec.contradictions)]
