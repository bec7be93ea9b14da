"""What is said of a run in one sentence."""

from __future__ import annotations

import numpy as np
import pytest

from overfit_core.diagnosis.judgement import Judgement, Verdict, verdict_of


def judged(
    verdict: Verdict,
    *,
    epoch: int | None = None,
    forgotten: int | None = None,
    epochs: int = 2_000,
    loss: float | None = None,
    floor: float = 0.0,
) -> str:
    return Judgement(
        verdict, epoch, forgotten, epochs, 2_000, accuracy=None, r2=None, loss=loss, floor=floor,
        best_accuracy=None,
    ).sentence()  # fmt: skip


@pytest.mark.parametrize(
    ("verdict", "forgotten", "said"),
    [
        ("memorised", None, "Memorised at epoch 152 (loss 9)."),
        ("memorised", 1503, "Memorised at epoch 152, lost again at epoch 1,503 (loss 9)."),
        (
            "diverged", 1503,
            "Memorised at epoch 152, lost at epoch 1,503, then the loss blew up (loss 9).",
        ),
        ("diverged", None, "Memorised at epoch 152, then the loss blew up (loss 9)."),
    ],
)  # fmt: skip
def test_a_run_that_had_memorised_is_told_in_its_order(
    verdict: Verdict, forgotten: int | None, said: str
) -> None:
    assert judged(verdict, epoch=152, forgotten=forgotten, loss=9.0) == said


def test_a_floor_is_part_of_a_loss_only_where_there_is_one() -> None:
    of_it = "Not memorised: the loss stays where it is after 2,000 epochs (loss 1, of which 0.6931 "
    assert judged("stuck", loss=1.0, floor=np.log(2)).startswith(of_it)
    assert judged("impossible", floor=np.log(2)) == (
        "Not memorised: no training can do it (a loss of 0.6931 cannot be avoided on this batch)."
    )


def test_one_epoch_has_no_trend() -> None:
    assert verdict_of(np.array([0.7]), 0.0, memorised=False) == "still_descending"
    assert verdict_of(np.array([0.7, 0.7]), 0.0, memorised=False) == "stuck"
    assert judged("still_descending", epochs=1) == (
        "Not memorised: too early to say how the loss moves after 1 of 2,000 epochs."
    )
    assert "still falling after 2 of 2,000" in judged("still_descending", epochs=2)
