"""Check: did the network memorise the batch, if not why not, and what makes it."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from overfit_core.diagnosis.batch_facts import look_at
from overfit_core.diagnosis.changes import setup_of
from overfit_core.diagnosis.facts import Cause, Facts, Rule, Trained
from overfit_core.diagnosis.floor import floor_of
from overfit_core.diagnosis.model_facts import ModelFacts, read_model
from overfit_core.diagnosis.report import Fix, Report
from overfit_core.diagnosis.rules import RULES
from overfit_core.diagnosis.rules.label_loss_mismatch import RULE as LABELS
from overfit_core.diagnosis.target import target_of
from overfit_core.diagnosis.trials import ALL_PROBES, Workshop, own_random_state
from overfit_core.diagnosis.trying import Search
from overfit_core.diagnosis.verdict import forbidden, verdict_of
from overfit_core.errors import ModelError
from overfit_core.training.caller import checked_model
from overfit_core.training.history import History
from overfit_core.training.types import AnyArray, Arrays

if TYPE_CHECKING:
    import keras

    from overfit_core.spec import RunSpec

EPOCHS = 500
"""How long a check trains where nobody says it."""
RUN_SHARE = 0.5
"""The first run may train for so much of the budget, compiling left out."""
LADDER = (
    "learning_rate_too_low",
    "unscaled_inputs",
    "unscaled_targets",
    "learning_rate_too_high",
    "regularisation",
    "too_little_capacity",
)
"""What is tried where no rule's own change memorises."""
STRICT = frozenset(
    {"non_finite", "label_loss_mismatch", "contradictory_labels", "output_cannot_reach_target"}
)
"""Rules that stay the primary cause whatever mends the run."""

_BY_ID = {rule.id: rule for rule in RULES}


def check(
    model: keras.Model,
    x: Arrays,
    y: Arrays,
    *,
    epochs: int | None = None,
    budget_seconds: float = 20.0,
    seeds: int = 3,
    on_trial: Callable[[Fix], None] | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> Report:
    """Find out whether a network memorises a batch, and if not why not and what makes it.

    The model is never changed: copies are trained, which start from its weights. Python's random
    state is left as it was; NumPy's and TensorFlow's are not touched.

    Args:
        model: A compiled Keras model with one output.
        x: Inputs, samples first: an array, or a list or dict of arrays.
        y: Labels, samples first, in the form that the loss takes.
        epochs: Steps to train, 1 or more; ``EPOCHS`` if None.
        budget_seconds: About how long the check may take in all, above 0. The run itself gets half
            of it; then changes are tried until it is used up.
        seeds: With how many initial weights a change that works is tried, 1 or more.
        on_trial: Told of each change that was tried.
        should_stop: Asked between trials; True ends them.

    Returns:
        The report. A batch or a model that cannot be trained is a report as well.

    Raises:
        ModelError: If ``model`` is no compiled Keras model, or has several outputs.
        ValueError: If a number is out of its range.
    """
    for name, value, least in (
        ("epochs", EPOCHS if epochs is None else epochs, 1),
        ("seeds", seeds, 1),
    ):
        if value < least:
            raise ValueError(f"{name} must be at least {least}, got {value}.")
    if not budget_seconds > 0:
        raise ValueError(f"budget_seconds must be above 0, got {budget_seconds}.")
    began = time.monotonic()
    checked_model(model)
    if len(getattr(model, "outputs", None) or [0]) != 1:
        raise ModelError("A check needs a model with one output; this one has more.")
    with own_random_state():
        return _Check(
            model, x, y, EPOCHS if epochs is None else epochs, began, budget_seconds, seeds
        ).report(on_trial or (lambda _fix: None), should_stop or (lambda: False))


def check_spec(
    spec: RunSpec,
    *,
    budget_seconds: float = 20.0,
    seeds: int = 3,
    on_trial: Callable[[Fix], None] | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> Report:
    """Check the network and the batch of a spec; see ``check``.

    Raises:
        SpecError: If the batch cannot be made or the layers do not take it.
    """
    from overfit_core.batches import make_batch
    from overfit_core.models.build import build_model, floatx
    from overfit_core.models.targets import target_for

    batch = make_batch(spec.batch)
    with floatx(spec.training.dtype):
        return check(
            build_model(spec), batch.x, target_for(spec, batch),
            epochs=spec.training.epochs, budget_seconds=budget_seconds, seeds=seeds,
            on_trial=on_trial, should_stop=should_stop,
        )  # fmt: skip


class _Check:
    """One check, step by step."""

    def __init__(
        self,
        model: keras.Model,
        x: Arrays,
        y: Arrays,
        epochs: int,
        began: float,
        budget: float,
        seeds: int,
    ) -> None:
        self.began, self.budget, self.seeds = began, budget, seeds
        self.workshop = Workshop(model)
        self.setup = setup_of(model, _numpy(x), np.asarray(y), epochs)
        self.error: str | None = None

    def report(self, on_trial: Callable[[Fix], None], should_stop: Callable[[], bool]) -> Report:
        facts = self._facts()
        held, silenced = self._holding(facts)
        fixes: Sequence[Fix] = ()
        if verdict_of(facts) != "memorised":
            deadline = self.began + self.budget
            search = Search(
                self.workshop, self.setup, facts, self.seeds, deadline, should_stop, on_trial
            )
            # A size that was guessed is no ladder where the model could not be run at all.
            ladder = [_BY_ID[name] for name in LADDER] if facts.run is not None else []
            fixes = search.run(held, ladder)
        causes = self._causes(facts, held, silenced, fixes)
        return self._made(facts, causes, fixes)

    def _facts(self) -> Facts:
        batch = look_at(_named(self.setup.x), self.setup.y)
        model = self._read()
        y = batch.y
        target = target_of(
            y if not batch.bad else np.nan_to_num(np.asarray(y, float)),
            loss=model.loss,
            units=model.units,
            same_rank=y.ndim == len(model.output_shape) + 1,
            from_logits=model.from_logits,
        )
        facts = Facts(batch, model, target, floor_of(batch, target, model.loss))
        if batch.bad:
            return facts
        seconds = RUN_SHARE * self.budget
        try:
            run = self.workshop.train(self.setup, 0, target, probes=ALL_PROBES, seconds=seconds)
        except ModelError as error:
            self.error = str(error)
            return facts
        return replace(facts, run=run)

    def _read(self) -> ModelFacts:
        model = self.workshop.model
        if not model.built:
            model = self.workshop.build(self.setup, 0)
        return read_model(model)

    def _holding(self, facts: Facts) -> tuple[list[Rule], dict[str, list[str]]]:
        """Return the rules that hold and are not explained by another, and what each explains."""
        held = [rule for rule in RULES if self._holds(rule, facts)]
        kept = [rule for rule in held if not any(_explains(up, rule) for up in held)]
        explained = {up.id: [r.id for r in held if r.id in up.silences] for up in kept}
        return kept, explained

    def _holds(self, rule: Rule, facts: Facts) -> bool:
        if facts.run is None and not rule.from_start:
            return False
        if facts.batch.bad and rule.id != "non_finite":
            return False
        return rule.find(facts) is not None

    def _causes(
        self,
        facts: Facts,
        held: Sequence[Rule],
        explained: dict[str, list[str]],
        fixes: Sequence[Fix],
    ) -> tuple[Cause, ...]:
        if verdict_of(facts) == "memorised":
            return ()
        if self.error is not None and not any(rule is LABELS for rule in held):
            return (_does_not_run(self.error),)
        helped = {c.rule for f in fixes if f.outcome in ("memorised", "better") for c in f.changes}
        kept = [rule for rule in held if not rule.suspicion or rule.id in helped]
        best = fixes[0] if fixes and fixes[0].outcome == "memorised" else None
        if best is not None and _BY_ID[best.rule] not in kept and not forbidden(facts):
            kept.append(_BY_ID[best.rule])
        if not kept:
            kept = list(held[:1])
        if best is not None and not any(rule.id in STRICT for rule in kept):
            kept.sort(key=lambda rule: rule.id != best.rule)
        return tuple(_cause(rule, facts, tuple(explained.get(rule.id, ())), fixes) for rule in kept)

    def _made(self, facts: Facts, causes: tuple[Cause, ...], fixes: Sequence[Fix]) -> Report:
        run: Trained | None = facts.run
        score = None if run is None else run.score
        classes = facts.target.is_classes
        return Report(
            verdict=verdict_of(facts),
            epoch=None if run is None else run.memorised,
            forgotten=None if run is None else run.forgotten,
            epochs=0 if run is None else run.epochs,
            accuracy=score if classes else None,
            r2=None if classes else score,
            loss=None if run is None else run.loss,
            floor=facts.floor.loss,
            best_accuracy=facts.floor.accuracy,
            causes=causes,
            fixes=tuple(fixes),
            history=History({}) if run is None else run.history,
            seconds=time.monotonic() - self.began,
        )


def _explains(up: Rule, rule: Rule) -> bool:
    """Tell whether one rule silences another; of two that silence each other the first stays."""
    if rule.id not in up.silences:
        return False
    return up.id not in rule.silences or RULES.index(up) < RULES.index(rule)


def _cause(rule: Rule, facts: Facts, upstream_of: tuple[str, ...], fixes: Sequence[Fix]) -> Cause:
    """Return a rule that holds; one that only its change has shown has that as its evidence."""
    evidence = rule.find(facts)
    drawing = None if evidence is None else rule.drawing(facts, evidence)
    if evidence is None:
        fix = next(fix for fix in fixes if rule.id in {change.rule for change in fix.changes})
        evidence = {"change": fix.code, "outcome": fix.sentence()}
    return Cause(rule.id, rule.title, evidence, rule.why, rule.source, upstream_of, drawing)


def _does_not_run(error: str) -> Cause:
    return Cause(
        "does_not_run",
        "The model cannot be trained on this batch",
        {"error": error},
        "Keras raises an error before the first step. Shapes, types and the loss have to fit each "
        "other before anything can be learned.",
        "Keras",
    )


def _numpy(x: Arrays) -> Arrays:
    import keras

    if isinstance(x, list | tuple) and not all(hasattr(part, "shape") for part in x):
        return np.asarray(x)
    return keras.tree.map_structure(np.asarray, x)


def _named(x: Arrays) -> dict[str, AnyArray]:
    """Return the inputs by name."""
    if isinstance(x, dict):
        return {str(name): np.asarray(part) for name, part in x.items()}
    if isinstance(x, list | tuple):
        return {f"x[{place}]": np.asarray(part) for place, part in enumerate(x)}
    return {"x": np.asarray(x)}
