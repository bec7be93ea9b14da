"""What a person does with recorded runs: find, name, sort, delete and bring back."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import ColumnElement, Text, and_, cast, column, func, literal, or_, select, update
from sqlalchemy.dialects.postgresql import JSONB

from overfit_core.errors import NotYoursError, shown
from overfit_core.limits import LIMITS
from overfit_core.store.engine import reading, writing
from overfit_core.store.guards import RECORD, Guarded, changed, locked, record, records
from overfit_core.store.records import RunRecord, Status
from overfit_core.store.tables import RaceRow, RunRow

UNDO_SECONDS = 24 * 3600.0
"""How long a deleted run can be brought back."""
_TAG = column("value", Text)
"""One tag of a run, by itself: in the JSON of all of them quotes and brackets would be found too.
Both databases call the elements of a list so."""


@dataclass(frozen=True)
class RunFilter:
    """Which runs are looked for; what is empty asks nothing.

    Attributes:
        text: Stands in the name, the notes, a tag, the optimizer or the id; case does not count.
        optimizers: Class names.
        presets: Ids.
        statuses: States.
        tags: A run has all of them.
        owner: Made by this owner, or by everybody.
    """

    text: str = ""
    optimizers: Collection[str] = ()
    presets: Collection[str] = ()
    statuses: Collection[Status] = ()
    tags: Collection[str] = ()
    owner: str | None = None


ALL = RunFilter()
"""Every run there is."""


class LibrarySide(Guarded):
    """Recorded runs as a library. Only its owner changes a run; everybody may look."""

    def find(self, wanted: RunFilter = ALL, *, limit: int = 200) -> list[RunRecord]:
        """Return at most ``limit`` runs that match, newest first."""
        conditions = _conditions(wanted, self._engine.dialect.name)
        query = select(*RECORD).where(RunRow.deleted_at.is_(None), *conditions)
        query = query.order_by(RunRow.created_at.desc(), RunRow.place, RunRow.id).limit(limit)
        with reading(self._engine) as session:
            return records(session, query)

    def runs_of(self, run_ids: Sequence[str]) -> list[RunRecord]:
        """Return the runs with these ids, in this order; those that are gone are left out."""
        query = select(*RECORD).where(RunRow.id.in_(run_ids), RunRow.deleted_at.is_(None))
        with reading(self._engine) as session:
            found = {run.id: run for run in records(session, query)}
        return [found[run_id] for run_id in dict.fromkeys(run_ids) if run_id in found]

    def group(self, group_id: str) -> list[RunRecord]:
        """Return the runs that were started together, in their order."""
        query = select(*RECORD).where(RunRow.group_id == group_id, RunRow.deleted_at.is_(None))
        with reading(self._engine) as session:
            return records(session, query.order_by(RunRow.place))

    def tags(self, owner: str | None = None) -> list[str]:
        """Return every tag of an owner's runs, or of all, in alphabetical order."""
        query = select(RunRow.tags).where(RunRow.tags != "[]", RunRow.deleted_at.is_(None))
        if owner is not None:
            query = query.where(visible_to(owner))
        with reading(self._engine) as session:
            return sorted(
                {tag for text in session.scalars(query.distinct()) for tag in json.loads(text)}
            )

    def label(
        self,
        run_id: str,
        *,
        by: str | None,
        name: str | None = None,
        colour: str | None = None,
        notes: str | None = None,
        tags: Iterable[str] | None = None,
    ) -> None:
        """Name a run, colour it, write on it, sort it; what is None stays as it is.

        Args:
            run_id: The run.
            by: Who asks, as a hash.
            name: New name, at most ``LIMITS.name_length`` characters; empty for none.
            colour: Name of a colour of the charts; empty follows the optimizer.
            notes: New notes, at most ``LIMITS.notes_length`` characters.
            tags: All of its tags, at most ``LIMITS.tags``.

        Raises:
            NotYoursError: If somebody else made it.
            UnknownRunError: If there is no run under this id.
            ValueError: If a text is too long, or there are too many tags.
        """
        given = {
            "name": short("name", one_line(name), LIMITS.name_length),
            "colour": short("colour", colour, 16),
            "notes": short("notes", notes, LIMITS.notes_length),
        }
        values: dict[str, object] = {
            n: text or None for n, text in given.items() if text is not None
        }
        if tags is not None:
            values["tags"] = json.dumps(_checked(tags), ensure_ascii=False)
        with writing(self._engine) as session:
            _check(record(session, run_id), by)
            if values:
                changed(session, RunRow.id == run_id, values)

    def delete(self, run_ids: Collection[str], *, by: str | None) -> list[str]:
        """Delete runs, so that they can be brought back for a day; those going on are stopped.

        Returns:
            The ids that were deleted; those that were gone already are left out.

        Raises:
            NotYoursError: If somebody else made one of them; then none is deleted.
        """
        now = self._now()
        with writing(self._engine) as session:
            there = and_(RunRow.id.in_(run_ids), RunRow.deleted_at.is_(None))
            found = locked(session, there)
            for run_id in found:
                _check(record(session, run_id), by)
            for run_id in found:
                if not self._stop_unclaimed(session, run_id):
                    self._ask(session, run_id, {"wish": "stop"})
            session.execute(update(RunRow).where(RunRow.id.in_(found)).values(deleted_at=now))
        return found

    def restore(self, run_ids: Collection[str], *, by: str | None) -> list[str]:
        """Bring back runs that were deleted less than a day ago, and return their ids."""
        mine = or_(RunRow.owner.is_(None), RunRow.owner == by)
        since = self._now() - timedelta(seconds=UNDO_SECONDS)
        these = and_(RunRow.id.in_(run_ids), RunRow.deleted_at >= since, mine)
        with writing(self._engine) as session:
            found = locked(session, these)
            session.execute(update(RunRow).where(RunRow.id.in_(found)).values(deleted_at=None))
        return found


def _check(run: RunRecord, by: str | None) -> None:
    if run.owner is not None and run.owner != by:
        raise NotYoursError(
            f"The run {run.id} was made by somebody else: you can look at it, train its settings "
            "again and compare it, but not change it."
        )


def visible_to(owner: str, row: type[RunRow | RaceRow] = RunRow) -> ColumnElement[bool]:
    """The runs, or the races, that an owner finds among their own."""
    return or_(row.owner == owner, row.owner.is_(None))


def _conditions(wanted: RunFilter, dialect: str) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    for asked, values in (
        (RunRow.optimizer, wanted.optimizers),
        (RunRow.preset, wanted.presets),
        (RunRow.status, wanted.statuses),
    ):
        if values:
            conditions.append(asked.in_(values))
    conditions += [_tagged(dialect, _TAG == tag) for tag in wanted.tags]
    if wanted.owner is not None:
        conditions.append(visible_to(wanted.owner))
    if text := wanted.text.strip():
        columns = (RunRow.name, RunRow.notes, RunRow.optimizer, RunRow.id)
        found = [column.icontains(text, autoescape=True) for column in columns]
        tagged = _tagged(dialect, _TAG.icontains(text, autoescape=True))
        conditions.append(or_(*found, tagged))
    return conditions


def _tagged(dialect: str, holds: ColumnElement[bool]) -> ColumnElement[bool]:
    """The runs that have a ``_TAG`` of which something holds."""
    if dialect == "postgresql":
        elements = func.jsonb_array_elements_text(cast(RunRow.tags, JSONB))
    else:
        elements = func.json_each(RunRow.tags)
    tags = elements.table_valued(_TAG.name)
    holding = select(literal(1)).select_from(tags).where(holds).correlate(RunRow)
    return and_(RunRow.tags != "[]", holding.exists())


def one_line(text: str | None) -> str | None:
    """Put a space for line ends and other control characters, also those beyond ASCII."""
    return None if text is None else re.sub(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+", " ", text)


def short(what: str, text: str | None, limit: int) -> str | None:
    """Return a text without the spaces around it.

    Raises:
        ValueError: If it has more characters than ``limit``.
    """
    text = None if text is None else text.strip()
    if text is not None and len(text) > limit:
        raise ValueError(f"The {what} has {len(text):,} characters; at most {limit:,} are kept.")
    return text


def _checked(tags: Iterable[str]) -> list[str]:
    # PostgreSQL cannot look into JSON that holds a NUL.
    lines = ((one_line(tag) or "").strip() for tag in tags)
    kept = list(dict.fromkeys(line for line in lines if line))
    if len(kept) > LIMITS.tags:
        raise ValueError(f"A run has at most {LIMITS.tags} tags, got {len(kept)}.")
    for tag in kept:
        if len(tag) > LIMITS.tag_length:
            limit = LIMITS.tag_length
            raise ValueError(f"The tag {shown(tag)} is too long: at most {limit} characters.")
    return kept
