"""How often the diagnosis is right: ``python -m benchmarks.diagnosis``.

Faults put into healthy nets (``tests/diagnosis/faults.py``), one at a time, and the healthy nets
themselves. A cause counts as right where it is one of the rules that name the fault. A fault is
fixable where the net without it memorises, which all do, contradictions and NaN included: there the
fix takes samples or labels away.
"""

from __future__ import annotations

import os
import statistics
import time

from benchmarks.results import machine, table, write_section
from overfit_core.diagnosis import Report, check
from overfit_core.training.xla import configure
from tests.diagnosis.faults import HEALTHY, Net, cases

SEEDS = 3
BUDGET_SECONDS = 20.0


def main() -> None:
    """Measure, print, write."""
    configure()
    load = os.getloadavg()[0]
    primary = among = fixed = count = 0
    seconds: list[float] = []
    wrong: list[str] = []
    for case in cases():
        report, taken = _checked(case.net)
        seconds.append(taken)
        found = [cause.rule for cause in report.causes]
        count += 1
        right = bool(found) and found[0] in case.rules
        primary += right
        among += bool(case.rules & set(found))
        mended = bool(report.fixes) and report.fixes[0].outcome == "memorised"
        fixed += mended
        if not (right and mended):
            wrong.append(f"{case.name}: {report.verdict}, {found or 'no cause'}, fix {mended}")
        print(case.name, report.verdict, found, f"{taken:.1f} s", flush=True)
    alarms = 0
    for name, net in HEALTHY.items():
        report, taken = _checked(net)
        alarms += bool(report.causes)
        print(name, report.verdict, f"{taken:.1f} s", flush=True)
    healthy = len(HEALTHY)
    rows = [
        _share("primary cause right", primary, count, 0.8),
        ["right cause among those named", f"{among} of {count}", f"{among / count:.0%}", "", ""],
        _share("healthy nets left alone", healthy - alarms, healthy, 0.95),
        _share("a fix that was run memorises", fixed, count, 0.85),
        _seconds(seconds),
    ]
    described = (
        f"{machine()}. {count} faults in {healthy} nets, {SEEDS} seeds a fix, "
        f"{BUDGET_SECONDS:g} s at most. Load average before: {load:.1f}."
    )
    figures = table(["what", "measured", "share", "goal", "met"], rows)
    misses = "\n".join(f"- {line}" for line in wrong)
    write_section(
        "diagnosis",
        f"## The diagnosis\n\n{described}\n\n{figures}\n\nNot right, or not mended:\n\n{misses}",
    )


def _checked(net: Net) -> tuple[Report, float]:
    began = time.monotonic()
    report = check(
        net.model(), net.x, net.y, epochs=net.epochs, seeds=SEEDS, budget_seconds=BUDGET_SECONDS
    )
    return report, time.monotonic() - began


def _share(what: str, hits: int, of: int, goal: float) -> list[str]:
    met = "yes" if hits / of >= goal else "**no**"
    return [what, f"{hits} of {of}", f"{hits / of:.0%}", f"≥ {goal:.0%}", met]


def _seconds(seconds: list[float]) -> list[str]:
    median = statistics.median(seconds)
    met = "yes" if median <= 10 else "**no**"
    return [
        "seconds for a check",
        f"median {median:.1f}, worst {max(seconds):.1f}",
        "",
        "≤ 10",
        met,
    ]


if __name__ == "__main__":
    main()
