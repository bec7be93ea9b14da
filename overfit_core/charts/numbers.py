"""Numbers as a person reads them, each with its unit."""

from __future__ import annotations

import math

MINUTE, HOUR = 60.0, 3600.0


def number(value: float | None, digits: int = 4) -> str:
    """Return a figure with so many significant digits: ``0.1234``, ``1,234``, ``1.2e-07``.

    A missing value is a dash, for a figure that is not there is not 0.
    """
    if value is None:
        return "–"
    if math.isnan(value):
        return "not a number"
    if math.isinf(value):
        return "infinite" if value > 0 else "minus infinite"
    if value == 0:
        return "0"
    if 1e-4 <= abs(value) < 1e7:
        return f"{float(f'{value:.{digits}g}'):,.10g}"
    return f"{value:.{digits}g}"


def count(value: int, unit: str) -> str:
    """Return ``1,234 epochs``, with the plural where it is due."""
    return f"{value:,} {unit}" if value == 1 else f"{value:,} {unit}s"


def size(bytes_taken: float) -> str:
    """Return ``340 kB`` or ``1.2 MB``: powers of ten, as disks are sold."""
    if bytes_taken < 1000:
        return count(int(bytes_taken), "byte")
    for unit, worth in (("kB", 1e3), ("MB", 1e6)):
        if bytes_taken < 999.5 * worth:
            return f"{number(bytes_taken / worth, 2 if bytes_taken < 10 * worth else 3)} {unit}"
    return f"{number(bytes_taken / 1e9, 3)} GB"


def percent(share: float | None) -> str:
    """Return a share from 0 to 1 as ``83.3 %``."""
    return "–" if share is None or math.isnan(share) else f"{100 * share:.4g} %"


def duration(seconds: float | None) -> str:
    """Return ``8 ms``, ``1.4 s``, ``3 min 20 s`` or ``2 h 5 min``."""
    if seconds is None or not math.isfinite(seconds):
        return "–"
    if seconds < 0.001:
        return "less than 1 ms"
    if seconds < 0.9995:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < MINUTE:
        return f"{whole} s"
    if whole < HOUR:
        minutes, rest = divmod(whole, 60)
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    hours, rest = divmod(round(seconds / MINUTE), 60)
    return f"{hours} h {rest} min" if rest else f"{hours} h"


def estimate(seconds: float) -> str:
    """Return a rough time as a person says it: no more precise than it is."""
    if seconds < 0.5:
        return "under 1 s"
    if seconds < 10:
        return f"about {math.ceil(seconds)} s"
    if seconds < MINUTE:
        return f"about {round(seconds, -1):.0f} s"
    return f"about {duration(round(seconds / MINUTE) * MINUTE)}"


def rate(epochs_per_second: float | None) -> str:
    """Return ``70,000 epochs/s``, in two significant digits."""
    if epochs_per_second is None or not math.isfinite(epochs_per_second):
        return "–"
    return f"{number(epochs_per_second, 2)} epochs/s"
