"""Training a group of runs in lock-step: round by round, as the person wishes, until they end.

A run by itself is a group of one.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence

from overfit_core.errors import StoreError, UnknownRunError
from overfit_core.store import Control, LostRunError, RunRecord, Store
from overfit_core.training.history import History
from overfit_core.training.pacing import ChunkLength, Pace
from overfit_core.workers.insistence import Insistence
from overfit_core.workers.life import Life
from overfit_core.workers.member import Member, SessionFactory

LOOK_SECONDS = 0.04
"""How often runs that stand still, or wait for their pace, read the wish."""
PARK_SECONDS = 3.0
"""Runs that have been paused for so long give their worker to one that waits."""


def train(store: Store, run_id: str, worker: str, make_session: SessionFactory) -> None:
    """Take a run and its group, train and end them; what goes wrong becomes a run's reason.

    Args:
        store: Where the runs are.
        run_id: One of the runs; those that somebody else has, or that have ended, are left alone.
        worker: The name to claim them with.
        make_session: Makes a session of a run's spec.
    """
    try:
        records = store.claim_group(run_id, worker)
    except StoreError:
        return
    with Life(store, [record.id for record in records], worker) as life:
        group = _Group(store, records, worker, life)
        try:
            group.run(make_session)
        except Exception as error:
            # Of the group: what goes wrong in one run was its own affair.
            group.fail(error)


class _Group:
    """The rounds, and what they have to remember.

    In a round every member trains the same number of epochs, one after the other, and all are
    recorded at once. So they are at the same epoch, but for those that have ended.
    """

    def __init__(self, store: Store, records: Sequence[RunRecord], worker: str, life: Life) -> None:
        self.store, self.worker, self.life = store, worker, life
        self.insist = Insistence()
        self.members = [Member(store, record, worker, self.insist) for record in records]
        self.wish = self._shared_wish()
        self.steps_done = max(record.steps_done for record in records)
        self.length = ChunkLength(runs=len(records))
        self.pace = Pace(self.wish.pace, time.monotonic())
        self.paused_at: float | None = None

    def run(self, make_session: SessionFactory) -> None:
        self._start(make_session)
        while self._end_those_due():
            self.wish = self._shared_wish()
            if behind := {m: min(m.behind, self.length.epochs) for m in self.members if m.behind}:
                self._repeat(behind)
            elif epochs := self._allowed():
                self._advance(epochs)
            elif not self._wait():
                return

    def fail(self, error: Exception) -> None:
        for member in self.members:
            self.life.answering.add(member.id)
            if isinstance(error, StoreError):
                member.give_up(error)
            else:
                member.fail(error)

    def _start(self, make_session: SessionFactory) -> None:
        """Prepare all and compile all, so that their curves start together."""
        self._each(lambda member: member.prepare(make_session))
        for member in tuple(self.members):
            self._each(Member.compile, [member])
            # One that was stopped meanwhile need not be compiled.
            self._look()

    def _end_those_due(self) -> bool:
        """End who is finished or stopped; False if nobody is left."""
        due = [member for member in self.members if member.due]
        self.life.answering.update(member.id for member in due)
        self._each(Member.end, due)
        return bool(self.members)

    def _shared_wish(self) -> Control:
        """What the person wishes of the group.

        The store asks all of a group the same, but for a stop, and who is stopped leaves it.
        """
        return self.members[0].control

    def _allowed(self) -> int:
        """How many epochs may be trained now; 0 while they must wait."""
        now, wish = time.monotonic(), self.wish
        if wish.wish == "pause":
            return max(0, min(wish.steps_wanted - self.steps_done, self.length.epochs))
        if self.paused_at is not None:
            self.paused_at = None
            self.pace.restart(now)
        # Steps that were not done before the runs went on are not made up for later.
        self.steps_done = wish.steps_wanted
        self.pace.change(wish.pace, now)
        due = self.pace.due(now)
        return self.length.epochs if due is None else min(due, self.length.epochs)

    def _advance(self, epochs: int) -> None:
        steps = self.wish.wish == "pause"
        chunks = self._turns(dict.fromkeys(self.members, epochs))
        trained = max(map(len, chunks.values()), default=0)
        if steps:
            self.steps_done += trained
        else:
            self.pace.trained(trained)
        found = self.insist(self.store.append_all, chunks, worker=self.worker, paused=steps)
        self._heed(found)

    def _repeat(self, epochs: Mapping[Member, int]) -> None:
        """Train again what was recorded before the runs gave their worker away.

        The same spec gives the same history, so nothing new is learned here, and nothing is
        recorded twice.
        """
        self._turns(epochs)
        self._look()

    def _turns(self, epochs: Mapping[Member, int]) -> dict[str, History]:
        """Train each so many epochs, one after the other; what each recorded, by run id."""
        chunks: dict[str, History] = {}

        def turn(member: Member) -> None:
            chunks[member.id] = member.session.advance(epochs[member])

        began = time.monotonic()
        self._each(turn, list(epochs))
        longest = max(map(len, chunks.values()), default=0)
        self.length.record(longest, time.monotonic() - began)
        return chunks

    def _wait(self) -> bool:
        """Wait a little and read the wishes; False if the worker was given to another run."""
        now = time.monotonic()
        if self.wish.wish == "pause":
            if self.paused_at is None:
                self.paused_at = now
                ids = self._ids
                self.insist(self.store.heartbeat_all, ids, worker=self.worker, paused=True)
            elif now - self.paused_at >= PARK_SECONDS:
                # Asked again a little later, not at every look.
                self.paused_at = now - PARK_SECONDS + 1.0
                if self.insist(self.store.waiting, 1.0) and self._park():
                    return False
            time.sleep(LOOK_SECONDS)
        else:
            time.sleep(min(LOOK_SECONDS, self.pace.wait(now)))
        self._look()
        return True

    def _park(self) -> bool:
        return self.insist(self.store.park_all, self._ids, self.steps_done, worker=self.worker)

    def _look(self) -> None:
        self._heed(self.insist(self.store.control_all, self._ids, worker=self.worker))

    def _heed(self, controls: Mapping[str, Control]) -> None:
        """Take note of what the person wishes; whoever is left out is not ours any more."""
        for member in self.members:
            member.over = member.id not in controls
            member.control = controls.get(member.id, member.control)
        self._let_go()

    @property
    def _ids(self) -> list[str]:
        return [member.id for member in self.members]

    def _each(self, act: Callable[[Member], None], members: Sequence[Member] | None = None) -> None:
        """Do something with each; one that fails or was lost leaves, and the others go on.

        So does one of which the store takes nothing, however often it is asked: that is no
        fault of the run.
        """
        for member in self.members if members is None else members:
            try:
                act(member)
            except (LostRunError, UnknownRunError):
                member.over = True
            except StoreError as refusal:
                self.life.answering.add(member.id)
                member.give_up(refusal)
            except Exception as error:
                self.life.answering.add(member.id)
                member.fail(error)
        self._let_go()

    def _let_go(self) -> None:
        """Leave those alone that are over."""
        self.life.left.update(member.id for member in self.members if member.over)
        self.members = [member for member in self.members if not member.over]
