"""What the columns of a race's tables say: each score with its definition, unit and source."""
# One entry per column, read down: what it is called, how it is written, what it means.

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from overfit_core.charts.race_looks import goal

if TYPE_CHECKING:
    from overfit_core.racing.plan import RacePlan

NAME = "optimizer"
TRIES = (1, 4, 16)
"""Numbers of learning rates tried whose expected best has a column."""
MISS = "Infinity: missed."
TEXT, YES_NO, WHOLE, NUMBER = "object", "bool", "Int64", "float64"
PLAIN, SHARE, RATE, LOSS = "%.4g", "percent", "%.3g", "%.3g"
"""Formats of Streamlit's number columns."""


@dataclass(frozen=True)
class RaceColumn:
    """What one column of a table says.

    Attributes:
        key: Name of the column in the table, and in exports.
        label: Head of the column on a page.
        unit: Of the value: ``epochs``, ``s``, ``decades``, ``share`` (from 0 to 1), or empty.
        help: Definition and source, in a sentence or two.
        format: Of a number, as Streamlit's ``NumberColumn`` takes it; None for text and yes or no.
        dtype: As pandas names it.
        shown: Whether a page shows it at once; quartiles and the like are for who looks for them.
    """

    key: str
    label: str
    unit: str
    help: str
    format: str | None = PLAIN
    dtype: str = NUMBER
    shown: bool = True

    @property
    def head(self) -> str:
        """The label with its unit, where that is not in the label already."""
        return f"{self.label}, {self.unit}" if self.unit in ("s", "decades") else self.label


def expected_tries(plan: RacePlan) -> list[int]:
    """Return the numbers of learning rates tried that have a column: no more than the grid has."""
    return [tries for tries in TRIES if tries <= len(plan.learning_rates)]


def race_columns(plan: RacePlan) -> list[RaceColumn]:
    """Return the columns of ``race_table``, in their order."""
    target = goal(plan.target)
    low = plan.target.kind == "loss"
    behind = "Powers of ten above the target" if low else "How far below the target"
    return [
        RaceColumn(NAME, "Optimizer", "", "Who races.", None, TEXT),
        RaceColumn("runs", "Runs", "", "Runs of the grid that have ended.", "%d", WHOLE, False),
        *_spread("epochs", "Epochs to target", "epochs",
            f"First epoch whose {target} in training mode is reached, with the best learning rate; "
            f"median over the seeds. {MISS} (Dahl et al. 2023, time to result.)"),
        *_spread("seconds", "Time to target", "s",
            "These epochs times the mean time of one, compiling left out; with the best learning "
            f"rate, median over the seeds. {MISS}"),
        RaceColumn("best_rate", "Best learning rate", "",
            "Of the grid: the lowest median of epochs to the target; of equal ones the lowest "
            "median of the best loss.", RATE),
        RaceColumn("best_success_rate", "Seeds with best rate", "share",
            "Share of the seeds that reach the target with the best learning rate.", SHARE),
        RaceColumn("success_rate", "Success rate", "share",
            "Share of all runs of the grid that reach the target: what to expect of a learning "
            "rate taken blindly.", SHARE),
        RaceColumn("width", "Width", "decades",
            "Powers of ten between the ends of the longest unbroken row of learning rates that "
            "reach the target on all seeds; 0: a single one, empty: none. (Sivaprasad et al. "
            "2020, on why it matters.)"),
        RaceColumn("default_rate", "Default learning rate", "", "The one that Keras gives.", RATE),
        RaceColumn("default_epochs", "Epochs with default", "epochs",
            f"Median epochs to the target with Keras’s default learning rate. {MISS}"),
        RaceColumn("default_seconds", "Time with default", "s",
            f"Median time to the target with Keras’s default learning rate. {MISS}", shown=False),
        RaceColumn("default_success_rate", "Seeds with default", "share",
            "Share of the seeds that reach the target with Keras’s default learning rate.", SHARE,
            shown=False),
        RaceColumn("best_loss", "Best loss", "", "The least finite loss of all its runs.", LOSS),
        RaceColumn("drift", "Drift after target", "decades" if low else "",
            f"{behind} that it falls back to after the first hit; median over the seeds of the "
            "best learning rate. 0: it stayed; empty: a seed missed."),
        RaceColumn("log_area", "Area under log-loss", "",
            "Mean of log10(loss) over the planned epochs; median over the seeds of the best "
            "learning rate. Lower is faster; Infinity: diverged."),
        *(column for tries in expected_tries(plan) for column in _spread(
            f"expected_{tries}", f"Expected, {tries} tried", "epochs",
            f"Epochs to the target of the best of {tries} learning rates drawn blindly from the "
            f"grid; median over the draws. {MISS} (Dodge et al. 2019, section 3.)")),
    ]  # fmt: skip


def race_runs_columns(plan: RacePlan) -> list[RaceColumn]:
    """Return the columns of ``race_runs_table``, in their order."""
    target = goal(plan.target)
    return [
        RaceColumn(NAME, "Optimizer", "", "Who races.", None, TEXT),
        RaceColumn("learning_rate", "Learning rate", "", "Empty: L-BFGS has none.", RATE),
        RaceColumn("default", "Default", "", "Whether Keras gives this rate.", None, YES_NO),
        RaceColumn("seed", "Seed", "", "What the initial weights are drawn with.", "%d", WHOLE),
        RaceColumn("reached", "Reached", "", f"Whether it reached {target}.", None, YES_NO),
        RaceColumn("epochs_to_target", "Epochs to target", "epochs",
            f"First epoch whose {target} in training mode is reached; of L-BFGS, evaluations of "
            f"loss and gradient. {MISS}"),
        RaceColumn("seconds_to_target", "Time to target", "s",
            f"These epochs times the mean time of one, compiling left out. {MISS}"),
        RaceColumn("epochs", "Epochs trained", "epochs",
            "Fewer than planned where it diverged or was stopped.", "%d", WHOLE),
        RaceColumn("seconds", "Training time", "s", "Compiling left out."),
        RaceColumn("memorised_epoch", "All right from epoch", "epochs",
            "First of five epochs running with every sample right; empty: never.", "%d", WHOLE),
        RaceColumn("diverged", "Diverged", "", "Whether its loss became NaN or infinite.",
            None, YES_NO),
        RaceColumn("non_finite_epoch", "Diverged at epoch", "epochs",
            "Epoch at which the loss was no finite number any more; empty: never.", "%d", WHOLE),
        RaceColumn("best_loss", "Best loss", "", "The least finite loss; empty: none.", LOSS),
        RaceColumn("best_epoch", "Best epoch", "epochs", "First that has it.", "%d", WHOLE),
        RaceColumn("drift", "Drift after target", "decades" if plan.target.kind == "loss" else "",
            "How far it fell back after the first hit; 0: it stayed, Infinity: it diverged, "
            "empty: it missed."),
        RaceColumn("log_area", "Area under log-loss", "",
            "Mean of log10(loss) over the planned epochs; Infinity: it diverged."),
        RaceColumn("stopped", "Stopped", "", "Whether somebody ended it early.", None, YES_NO),
    ]  # fmt: skip


def _spread(key: str, label: str, unit: str, help_text: str) -> list[RaceColumn]:
    """Return the columns of a median and of its quartiles."""
    return [
        RaceColumn(key, label, unit, help_text),
        *(
            RaceColumn(f"{key}_{end}", f"{label}, {end} quartile", unit, help_text, shown=False)
            for end in ("lower", "upper")
        ),
    ]
