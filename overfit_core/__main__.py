"""The command line: ``python -m overfit_core check MODEL BATCH`` and ``… run SPEC``."""

from __future__ import annotations

import argparse
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from overfit_core.errors import OverfitError

MEMORISED, NOT_MEMORISED, BAD_INPUT = 0, 1, 2
"""What the command ends with."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    given = _parser().parse_args(arguments)
    try:
        return int(given.command(given))
    except (OverfitError, OSError, ValueError, KeyError) as error:
        print(f"overfit_core: {error}", file=sys.stderr)
        return BAD_INPUT


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m overfit_core",
        description="Can this Keras network memorise this one batch, and if not, why not?",
        epilog="Ends with 0 if the batch was memorised, 1 if not, 2 on bad input.",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    check = commands.add_parser("check", help="say whether, why not, and what was tried")
    check.add_argument("model", type=Path, help="a compiled model: FILE.keras")
    check.add_argument("batch", type=Path, help="arrays x and y: FILE.npz")
    check.add_argument("--epochs", type=int, help="steps to train (default: 500)")
    check.add_argument("--budget", type=float, default=20.0, help="seconds in all (default: 20)")
    check.add_argument("--seeds", type=int, default=3, help="seeds per fix (default: 3)")
    check.add_argument("--json", action="store_true", help="print JSON in place of Markdown")
    check.set_defaults(command=_check)
    run = commands.add_parser("run", help="train the settings of a file, and say how it ended")
    run.add_argument("spec", type=Path, help="settings as the page exports them: FILE.json")
    run.set_defaults(command=_run)
    return parser


def _check(given: argparse.Namespace) -> int:
    batch = _batch(given.batch)
    from overfit_core.diagnosis import check

    report = check(
        _model(given.model),
        batch["x"],
        batch["y"],
        epochs=given.epochs,
        budget_seconds=given.budget,
        seeds=given.seeds,
    )
    print(report.to_json(indent=2) if given.json else report.to_markdown())
    return MEMORISED if report.memorised else NOT_MEMORISED


def _run(given: argparse.Namespace) -> int:
    from overfit_core import RunSpec, run

    spec = RunSpec.load(given.spec.read_text(encoding="utf-8"))
    summary = run(spec).summary
    print(summary.sentence())
    return MEMORISED if summary.memorised_epoch is not None else NOT_MEMORISED


def _model(path: Path) -> Any:  # noqa: ANN401  # Keras ships no types
    import keras

    if not path.exists():
        raise OverfitError(f"There is no file {path}.")
    with warnings.catch_warnings():
        # Of an optimizer that was saved before it had trained: its state is not used here.
        warnings.simplefilter("ignore")
        return keras.saving.load_model(path)


def _batch(path: Path) -> dict[str, Any]:
    """Read arrays, and no pickled object: a file may come from anybody."""
    import numpy as np

    with np.load(path, allow_pickle=False) as stored:
        missing = [name for name in ("x", "y") if name not in stored]
        if missing:
            raise OverfitError(
                f"{path} holds {', '.join(stored) or 'nothing'}, but no {' and '.join(missing)}: "
                "save it with numpy.savez(FILE, x=x, y=y)."
            )
        return {name: stored[name] for name in ("x", "y")}


if __name__ == "__main__":
    sys.exit(main())
