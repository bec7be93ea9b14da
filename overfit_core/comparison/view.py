"""What a comparison shows, as a part of the address.

Everything in an address is checked like everything typed: what is unknown or too much falls back
to what is usual, with a notice, and never raises.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, get_args

from overfit_core.charts.compare_axes import XAxis
from overfit_core.charts.run_table import record_title
from overfit_core.comparison.measures import is_column
from overfit_core.comparison.target import DEFAULT_TARGET, Target, TargetKind, checked_target
from overfit_core.errors import SpecError, shown

if TYPE_CHECKING:
    from overfit_core.store import RunRecord

MAX_RUNS, MAX_COLUMNS = 50, 6
NAMED = 5
"""Most runs that a notice names."""
LONGEST_VALUE = 4_000
"""Characters of one value of an address that are looked at: room for 50 ids of 64."""
RUN_ID = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)
SHORT_KINDS: dict[TargetKind, str] = {"loss": "l", "accuracy": "a", "r2": "r"}


@dataclass(frozen=True)
class CompareView:
    """The state of a comparison; the defaults are what a new one shows.

    Attributes:
        runs: Ids, at most ``MAX_RUNS``, in order.
        columns: What is drawn, one chart each, at most ``MAX_COLUMNS``.
        log_x: Whether the horizontal axis is logarithmic.
        log_y: Whether the value axis is.
        x: ``epoch`` or ``seconds``.
        target: What counts as reached; None draws no line.
        seeds_together: Whether runs that differ in their seed only are put together.
        baseline: Id of the run that the others are measured by.
        hidden: Ids of runs that are not drawn.
    """

    runs: tuple[str, ...] = ()
    columns: tuple[str, ...] = ("loss",)
    log_x: bool = False
    log_y: bool = True
    x: XAxis = "epoch"
    target: Target | None = DEFAULT_TARGET
    seeds_together: bool = True
    baseline: str | None = None
    hidden: tuple[str, ...] = ()

    def to_query(self, unset: Collection[str] = ()) -> dict[str, str]:
        """Return what differs from the defaults, by short keys; safe in a URL as it stands.

        Measures and target are always said: a page that finds none chooses what fits its runs.

        Args:
            unset: Which of ``y`` and ``t`` are left out, because nobody has chosen them yet.
        """
        # Hidden runs and the baseline are told by their place: an id is 16 characters long.
        places = {run_id: str(place) for place, run_id in enumerate(self.runs, 1)}
        given = {
            "runs": ",".join(self.runs),
            "y": "" if "y" in unset else ",".join(self.columns),
            "lx": "1" if self.log_x else "",
            "ly": "" if self.log_y else "0",
            "x": "" if self.x == "epoch" else self.x,
            "t": "" if "t" in unset else _target_text(self.target),
            "seeds": "" if self.seeds_together else "0",
            "base": places.get(self.baseline or "", ""),
            "hide": ",".join(places[run_id] for run_id in self.hidden if run_id in places),
        }
        return {key: text for key, text in given.items() if text}

    def with_runs(self, runs: Iterable[str]) -> CompareView:
        """Return the view of these runs; a baseline or a hidden run that is gone is forgotten."""
        kept = tuple(dict.fromkeys(runs))[:MAX_RUNS]
        return replace(
            self,
            runs=kept,
            baseline=self.baseline if self.baseline in kept else None,
            hidden=tuple(run_id for run_id in self.hidden if run_id in kept),
        )


def from_query(query: Mapping[str, str]) -> tuple[CompareView, list[str]]:
    """Read a view from an address.

    Args:
        query: Keys and values of the address; keys of others are left alone.

    Returns:
        A view within all limits, and a sentence for each thing that could not be used.
    """
    notices: list[str] = []
    texts = {key: _text(query, key) for key in _KEYS}
    runs = _runs(texts["runs"], notices)
    columns = _columns(texts["y"], notices)
    view = CompareView(
        runs=runs,
        columns=columns,
        log_x=_switch(texts["lx"], False, "logarithmic epochs", notices),
        log_y=_switch(texts["ly"], True, "logarithmic values", notices),
        x=_x(texts["x"], notices),
        target=_target(texts["t"], notices),
        seeds_together=_switch(texts["seeds"], True, "seeds together", notices),
        baseline=next(iter(_at(texts["base"], runs, "baseline", notices)), None),
        hidden=_at(texts["hide"], runs, "hidden runs", notices),
    )
    return view, notices


def fitting(runs: Iterable[str]) -> tuple[list[str], str | None]:
    """Return the runs that can be compared at once, and what to say of those left out.

    Args:
        runs: Ids; one that comes twice counts once.

    Returns:
        The first ``MAX_RUNS`` of them, and a sentence; None where all fit.
    """
    asked = list(dict.fromkeys(runs))
    left = len(asked) - MAX_RUNS
    if left <= 0:
        return asked, None
    which = "the last one was" if left == 1 else f"the last {left:,} were"
    return asked[:MAX_RUNS], f"At most {MAX_RUNS} runs are compared at once: {which} left out."


def gone_notice(asked: Iterable[str], found: Iterable[str]) -> str | None:
    """Say how many of the runs asked for are not there; None if all are."""
    gone = len(set(asked) - set(found))
    if not gone:
        return None
    runs = "One of these runs is" if gone == 1 else f"{gone} of these runs are"
    return f"{runs} not here: deleted, or made on another machine."


def unreadable_notice(records: Sequence[RunRecord]) -> str | None:
    """Name the runs whose settings this version cannot read; None if there are none."""
    names = [shown(record_title(record), 40) for record in records if not _readable(record)]
    if not names:
        return None
    others = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return (
        f"Made by another version, whose settings cannot be read here, and not compared: "
        f"{', '.join(names[:NAMED])}{others}."
    )


def _readable(record: RunRecord) -> bool:
    try:
        return bool(record.spec)
    except SpecError:
        return False


_KEYS = ("runs", "y", "lx", "ly", "x", "t", "seeds", "base", "hide")


def _text(query: Mapping[str, str], key: str) -> str:
    value = query.get(key, "")
    if not isinstance(value, str):
        return ""
    kept = value[:LONGEST_VALUE]
    # Half of an entry would be another one: a list is cut between two.
    return (kept if kept == value else kept.rpartition(",")[0] or kept).strip()


def _runs(text: str, notices: list[str]) -> tuple[str, ...]:
    asked = list(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))
    good = [run_id for run_id in asked if RUN_ID.fullmatch(run_id)]
    if len(good) < len(asked):
        bad = next(run_id for run_id in asked if not RUN_ID.fullmatch(run_id))
        notices.append(f"{shown(bad, 40)} in this address is no run: it was left out.")
    if len(good) > MAX_RUNS:
        # How many there are is not said: of a long address only the beginning is looked at.
        notices.append(
            f"At most {MAX_RUNS} runs are compared at once: this address has more, and the first "
            f"{MAX_RUNS} are shown."
        )
    return tuple(good[:MAX_RUNS])


def _columns(text: str, notices: list[str]) -> tuple[str, ...]:
    asked = list(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))
    good = [column for column in asked if is_column(column)]
    if len(good) < len(asked):
        bad = next(column for column in asked if not is_column(column))
        notices.append(f"No run records {shown(bad, 40)}: it is not drawn.")
    if len(good) > MAX_COLUMNS:
        notices.append(f"At most {MAX_COLUMNS} measures are drawn: the first ones are shown.")
    return tuple(good[:MAX_COLUMNS]) or CompareView.columns


def _switch(text: str, default: bool, what: str, notices: list[str]) -> bool:
    if text in ("", "0", "1"):
        return text == "1" if text else default
    notices.append(f"{what.capitalize()} is 0 or 1, not {shown(text, 40)}: it stays as usual.")
    return default


def _x(text: str, notices: list[str]) -> XAxis:
    for kind in get_args(XAxis):
        if text == kind:
            return kind  # type: ignore[no-any-return]
    if text:
        notices.append(f"There is no axis called {shown(text, 40)}: epochs are shown.")
    return "epoch"


def _target_text(target: Target | None) -> str:
    return "none" if target is None else f"{SHORT_KINDS[target.kind]}{target.value!r}"


def _target(text: str, notices: list[str]) -> Target | None:
    """Read ``l0.01``, ``a1.0``, ``r0.99`` or ``none``."""
    if text == "none":
        return None
    if not text:
        return DEFAULT_TARGET
    kinds = {short: kind for kind, short in SHORT_KINDS.items()}
    try:
        target = checked_target(kinds[text[:1]], float(text[1:]))
    except (KeyError, ValueError):
        notices.append(
            f"The target {shown(text, 40)} in this address cannot be used: it is "
            f"{DEFAULT_TARGET.kind} {DEFAULT_TARGET.value}."
        )
        return DEFAULT_TARGET
    return target


def _at(text: str, runs: tuple[str, ...], what: str, notices: list[str]) -> tuple[str, ...]:
    """Return the runs at these places, counted from 1."""
    parts = [part.strip() for part in text.split(",") if part.strip()]
    # Digits of other scripts and thousands of them are no places either.
    good = [part for part in parts if re.fullmatch(r"[1-9][0-9]?", part) and int(part) <= len(runs)]
    if len(good) < len(parts):
        notices.append(f"The {what} in this address are not all among its runs.")
    return tuple(dict.fromkeys(runs[int(part) - 1] for part in good))
