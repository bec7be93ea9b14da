"""A trainer without TensorFlow: real runs in a real store, with made-up numbers."""

from __future__ import annotations

import hashlib
import threading
import time
from dataclasses import dataclass, field

import numpy as np

from overfit_core.batches import make_batch
from overfit_core.diagnosis.report import Report
from overfit_core.spec import RunSpec
from overfit_core.store import Store
from overfit_core.training.history import History
from overfit_core.training.result import RunSummary, Samples
from overfit_core.workers import ClusterStatus
from overfit_core.workers.loop import train

LEARNED_AT = 74
"""The epoch at which a run memorises its batch; with SGD it takes twice as long."""


@dataclass
class FakeSession:
    """Does what a session of the engine does: the loss falls, the accuracy jumps when learned."""

    spec: RunSpec
    seconds_per_epoch: float = 0.0
    epoch: int = 0

    def __post_init__(self) -> None:
        self.batch = make_batch(self.spec.batch)
        if self.spec.name == "fail":
            raise ValueError("<b>made to fail</b>")
        self.slowness = 2 if self.spec.optimizer.name == "SGD" else 1
        self.learned_at = LEARNED_AT * self.slowness

    @property
    def batch_hash(self) -> str:
        return self.batch.hash

    @property
    def weights_hash(self) -> str:
        start = f"{self.spec.model.model_dump_json()} {self.spec.training.seed}"
        return hashlib.sha256(start.encode()).hexdigest()

    @property
    def finished(self) -> bool:
        return self.epoch >= self.spec.training.epochs

    def compile(self) -> None:
        pass

    def advance(self, epochs: int) -> History:
        last = min(self.epoch + epochs, self.spec.training.epochs)
        e = np.arange(self.epoch + 1, last + 1)
        time.sleep(self.seconds_per_epoch * len(e))
        self.epoch = last
        score = "r2" if self.batch.task == "regression" else "accuracy"
        columns = {
            "loss": 0.7 * np.exp(-e / (150 * self.slowness)) + 0.002 * np.cos(e) ** 2,
            score: np.where(e >= self.learned_at, 1.0, 0.5 + 0.25 * (e > 30)),
            "learning_rate": np.full(len(e), self.spec.optimizer.base_learning_rate),
        }
        if any(layer.kind == "dropout" for layer in self.spec.model.layers):
            columns |= {
                "inference_loss": 0.6 * np.exp(-e / 100),
                f"inference_{score}": columns[score],
            }
        if self.spec.batch.held_out:
            columns |= {"val_loss": 0.8 + e / 4000, f"val_{score}": np.full(len(e), 0.4)}
        for probe in set(self.spec.training.probes) - {"samples"}:
            for place in range(len(self.spec.model.layers) + 1):
                name = "head" if place == len(self.spec.model.layers) else f"dense_{place + 1}"
                share = probe.endswith("share")
                columns[f"{probe}/{name}"] = (
                    np.full(len(e), 0.1 * place) if share else np.exp(-e / 200) / (1 + place)
                )
        return History(columns, first_epoch=int(e[0]))

    def summary(self, *, stopped: bool = False) -> RunSummary:
        learned = self.epoch >= self.learned_at
        return RunSummary(
            ended="stopped" if stopped else "epochs",
            epochs=self.epoch,
            memorised_epoch=self.learned_at if learned else None,
            loss=0.7 * float(np.exp(-self.epoch / (150 * self.slowness))),
            accuracy=None if self.batch.task == "regression" else (1.0 if learned else 0.5),
            r2=(1.0 if learned else 0.5) if self.batch.task == "regression" else None,
            compile_seconds=0.2,
            train_seconds=0.008,
            backend="xla",
            parameters=2817,
            versions={},
        )

    def samples(self) -> Samples:
        batch, n = self.batch, len(self.batch.x)
        right = np.full(n, self.epoch >= self.learned_at)
        right[:1] = self.epoch >= 30
        y = np.asarray(batch.y)
        if batch.task == "multiclass":
            prediction = np.full((n, len(batch.class_names)), 0.02)
            prediction[np.arange(n), y.astype(int).ravel()] = 1 - 0.02 * (prediction.shape[1] - 1)
        elif batch.task == "binary":
            prediction = 0.05 + 0.9 * y.reshape(n, 1)
        else:
            prediction = y.reshape(n, 1) + 0.01
        samples = Samples(x=batch.x, y=y, task=batch.task, class_names=tuple(batch.class_names))
        if not self.epoch:
            return samples
        learned = np.where(right, self.learned_at, 0)
        learned[:1] = 30 if self.epoch >= 30 else 0
        return samples.with_predictions(prediction, learned, right)


@dataclass
class FakeWorkers:
    """Trains submitted runs with the workers' own loop: at once, or in a thread like a worker.

    Whichever run of a group is submitted first takes the others with it; those submitted later
    find that nothing of it waits.
    """

    store: Store
    seconds_per_epoch: float = 0.0
    threaded: bool = False
    hold: bool = False
    submitted: list[str] = field(default_factory=list)
    checks: list[str] = field(default_factory=list)
    races: list[str] = field(default_factory=list)
    found: Report | None = None
    threads: list[threading.Thread] = field(default_factory=list)

    def submit(self, run_id: str) -> None:
        self.submitted.append(run_id)
        if self.threaded:
            self.threads.append(threading.Thread(target=self.train, args=(run_id,), daemon=True))
            self.threads[-1].start()
        elif not self.hold:
            self.train(run_id)

    def submit_check(self, run_id: str) -> None:
        """Say what a search for the cause says; ``found`` tells it, none leaves it waiting."""
        self.checks.append(run_id)
        if self.found is not None:
            self.store.claim_check(run_id, "fake")
            self.store.end_check(run_id, "fake", "finished", report=self.found.to_json())

    def submit_race(self, race_id: str) -> None:
        """Keep it; ``racing.train`` trains it."""
        self.races.append(race_id)

    def wait(self) -> None:
        """Wait until every run that was submitted has ended."""
        for thread in self.threads:
            thread.join()

    def status(self) -> ClusterStatus:
        return ClusterStatus("ready", workers=1)

    def train(self, run_id: str) -> None:
        train(self.store, run_id, "fake", lambda spec: FakeSession(spec, self.seconds_per_epoch))


def begin(store: Store, run_id: str, loss: float = 1.0) -> None:
    """Let a run have its first epoch, and go on."""
    store.claim(run_id, "worker")
    store.begin(run_id, batch_hash="b" * 64, weights_hash="w" * 64, worker="worker")
    store.append(run_id, History({"loss": [loss], "accuracy": [0.5]}), worker="worker")
