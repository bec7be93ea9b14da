"""What a person does with recorded runs: find, name, sort, delete and bring back."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import ColumnElement, and_, delete, func, or_, select, update

from overfit_core.errors import NotYoursError, StoreError, shown
from overfit_core.limits import LIMITS
from overfit_core.store.engine import reading, writing
from overfit_core.store.guards import RECORD, Guarded, changed, locked, record
from overfit_core.store.records import ENDED, RunRecord, Status
from overfit_core.store.tables import ChunkRow, RunRow, SamplesRow, SecretRow

UNDO_SECONDS = 24 * 3600.0
"""How long a deleted run can be brought back."""
PURGE_BATCH = 200
"""So many runs are removed for good in one transaction."""


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


@dataclass(frozen=True)
class Storage:
    """What the recorded runs take.

    Attributes:
        runs: How many there are, deleted ones left out.
        bytes: What their histories and samples take, deleted ones included.
    """

    runs: int
    bytes: int


class LibrarySide(Guarded):
    """Recorded runs as a library. Only its owner changes a run; everybody may look."""

    def find(self, wanted: RunFilter = ALL, *, limit: int = 200) -> list[RunRecord]:
        """Return at most ``limit`` runs that match, newest first."""
        query = select(*RECORD).where(RunRow.deleted_at.is_(None), *_conditions(wanted))
        query = query.order_by(RunRow.created_at.desc(), RunRow.place, RunRow.id).limit(limit)
        with reading(self._engine) as session:
            return [RunRecord(**row._mapping) for row in session.execute(query)]

    def runs_of(self, run_ids: Sequence[str]) -> list[RunRecord]:
        """Return the runs with these ids, in this order; those that are gone are left out."""
        query = select(*RECORD).where(RunRow.id.in_(run_ids), RunRow.deleted_at.is_(None))
        with reading(self._engine) as session:
            found = {row.id: RunRecord(**row._mapping) for row in session.execute(query)}
        return [found[run_id] for run_id in dict.fromkeys(run_ids) if run_id in found]

    def group(self, group_id: str) -> list[RunRecord]:
        """Return the runs that were started together, in their order."""
        query = select(*RECORD).where(RunRow.group_id == group_id, RunRow.deleted_at.is_(None))
        with reading(self._engine) as session:
            return [
                RunRecord(**row._mapping) for row in session.execute(query.order_by(RunRow.place))
            ]

    def tags(self, owner: str | None = None) -> list[str]:
        """Return every tag of an owner's runs, or of all, in alphabetical order."""
        query = select(RunRow.tags).where(RunRow.tags != "[]", RunRow.deleted_at.is_(None))
        if owner is not None:
            query = query.where(_visible(owner))
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
            "name": _short("name", _one_line(name), LIMITS.name_length),
            "colour": _short("colour", colour, 16),
            "notes": _short("notes", notes, LIMITS.notes_length),
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

    def purge(self, *, keep_days: float | None = None, keep_runs: int | None = None) -> int:
        """Remove for good what was deleted a day ago, and what is older or more than allowed.

        In small batches, so that workers that write in between do not wait for long.

        Args:
            keep_days: Ended runs older than this are removed; None keeps them.
            keep_runs: So many ended runs are kept, the newest; None keeps all.

        Returns:
            How many runs were removed.
        """
        now, ended = self._now(), RunRow.status.in_(ENDED)
        gone = [and_(ended, RunRow.deleted_at < now - timedelta(seconds=UNDO_SECONDS))]
        if keep_days is not None:
            gone.append(and_(ended, RunRow.finished_at < now - timedelta(days=keep_days)))
        if keep_runs is not None:
            listed = and_(ended, RunRow.deleted_at.is_(None))
            newest = select(RunRow.id).where(listed).order_by(RunRow.created_at.desc(), RunRow.id)
            kept = newest.limit(keep_runs).scalar_subquery()
            gone.append(and_(listed, RunRow.id.not_in(kept)))
        removed = 0
        while batch := self._remove(or_(*gone)):
            removed += batch
        return removed

    def _remove(self, where: ColumnElement[bool]) -> int:
        """Remove some of the runs for which this holds; tells how many, 0 when none is left."""
        with writing(self._engine) as session:
            ids = session.scalars(select(RunRow.id).where(where).limit(PURGE_BATCH)).all()
            for table in (ChunkRow, SamplesRow):
                session.execute(delete(table).where(table.run_id.in_(ids)))
            session.execute(delete(RunRow).where(RunRow.id.in_(ids)))
        return len(ids)

    def storage(self, owner: str | None = None) -> Storage:
        """Return how many runs there are and what they take, those of one owner or all."""
        with reading(self._engine) as session:
            runs = select(func.count()).select_from(RunRow).where(RunRow.deleted_at.is_(None))
            if owner is not None:
                runs = runs.where(_visible(owner))
            sizes = (func.sum(ChunkRow.size), func.sum(func.length(SamplesRow.data)))
            taken = sum(session.scalar(select(size)) or 0 for size in sizes)
            return Storage(session.scalar(runs) or 0, taken)

    def secret(self, name: str) -> str:
        """Return a random text that is made once and stays: 43 characters, URL-safe."""
        with reading(self._engine) as session:
            found = session.get(SecretRow, name)
            if found is not None:
                return found.value
        try:
            with writing(self._engine) as session:
                session.add(SecretRow(name=name, value=secrets.token_urlsafe(32)))
        except StoreError:
            # Another process was faster; if not, the next line says what is wrong.
            pass
        with reading(self._engine) as session:
            return session.get_one(SecretRow, name).value


def _check(run: RunRecord, by: str | None) -> None:
    if run.owner is not None and run.owner != by:
        raise NotYoursError(
            f"The run {run.id} was made by somebody else: you can look at it, train its settings "
            "again and compare it, but not change it."
        )


def _visible(owner: str) -> ColumnElement[bool]:
    return or_(RunRow.owner == owner, RunRow.owner.is_(None))


def _conditions(wanted: RunFilter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    for column, values in (
        (RunRow.optimizer, wanted.optimizers),
        (RunRow.preset, wanted.presets),
        (RunRow.status, wanted.statuses),
    ):
        if values:
            conditions.append(column.in_(values))
    for tag in wanted.tags:
        conditions.append(
            RunRow.tags.contains(json.dumps(tag, ensure_ascii=False), autoescape=True)
        )
    if wanted.owner is not None:
        conditions.append(_visible(wanted.owner))
    if text := wanted.text.strip():
        columns = (RunRow.name, RunRow.notes, RunRow.optimizer, RunRow.id)
        found = [column.icontains(text, autoescape=True) for column in columns]
        # As it stands in JSON, without the quotes around it.
        written = json.dumps(text, ensure_ascii=False)[1:-1]
        tagged = and_(RunRow.tags != "[]", RunRow.tags.icontains(written, autoescape=True))
        conditions.append(or_(*found, tagged))
    return conditions


def _one_line(text: str | None) -> str | None:
    """Put a space for what no name of a spec may hold: line ends and other control characters."""
    return None if text is None else re.sub(r"[\x00-\x1f\x7f]+", " ", text)


def _short(what: str, text: str | None, limit: int) -> str | None:
    text = None if text is None else text.strip()
    if text is not None and len(text) > limit:
        raise ValueError(f"The {what} has {len(text):,} characters; at most {limit:,} are kept.")
    return text


def _checked(tags: Iterable[str]) -> list[str]:
    kept = list(dict.fromkeys(tag.strip() for tag in tags if tag.strip()))
    if len(kept) > LIMITS.tags:
        raise ValueError(f"A run has at most {LIMITS.tags} tags, got {len(kept)}.")
    for tag in kept:
        if len(tag) > LIMITS.tag_length:
            limit = LIMITS.tag_length
            raise ValueError(f"The tag {shown(tag)} is too long: at most {limit} characters.")
    return kept
