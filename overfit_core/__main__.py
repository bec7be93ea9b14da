"""The command line: ``python -m overfit_core check MODEL BATCH`` and ``… run SPEC``."""

from __future__ import annotations

import argparse
import sys
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from overfit_core.errors import OverfitError, SpecError

if TYPE_CHECKING:
    from overfit_core.diagnosis import Report

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
    check.add_argument(
        "batch",
        type=Path,
        help="arrays x and y; of several inputs or outputs x_NAME or y_NAME for each: FILE.npz",
    )
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
    x, y = _batch(given.batch)
    from overfit_core.diagnosis import check

    report = check(
        _model(given.model),
        x,
        y,
        epochs=given.epochs,
        budget_seconds=given.budget,
        seeds=given.seeds,
        on_progress=_tell if sys.stderr.isatty() else None,
    )
    print(report.to_json(indent=2) if given.json else report.to_markdown())
    return MEMORISED if report.memorised else NOT_MEMORISED


def _run(given: argparse.Namespace) -> int:
    from overfit_core import RunSpec, run

    with _reading(given.spec, "settings"):
        spec = RunSpec.load(given.spec.read_text(encoding="utf-8"))
    summary = run(spec).summary
    print(summary.sentence())
    return MEMORISED if summary.memorised_epoch is not None else NOT_MEMORISED


def _tell(report: Report) -> None:
    """Say on stderr what is being tried."""
    if report.trying is not None:
        print(f"Trying: {report.trying.text} {report.trying.code}", file=sys.stderr, flush=True)


@contextmanager
def _reading(path: Path, what: str) -> Iterator[None]:
    """Turn whatever reading a file raises into one sentence: a file may hold anything."""
    if not path.exists():
        raise OverfitError(f"There is no file {path}.")
    try:
        yield
    except SpecError:
        raise
    except Exception as error:
        lines = [line.strip() for line in str(error).splitlines() if line.strip()]
        reason = " ".join(lines[:2]) or type(error).__name__
        raise OverfitError(f"{path} cannot be read as {what}: {reason}") from error


def _model(path: Path) -> Any:  # noqa: ANN401  # Keras ships no types
    import keras

    with _reading(path, "a Keras model"), warnings.catch_warnings():
        # Of an optimizer that was saved before it had trained: its state is not used here.
        warnings.simplefilter("ignore")
        return keras.saving.load_model(path)


def _batch(path: Path) -> tuple[Any, Any]:
    """Read inputs and labels, and no pickled object: a file may come from anybody.

    Returns:
        The inputs, by name where the file has ``x_NAME`` in place of ``x``, and the labels,
        likewise.
    """
    import numpy as np

    way = "save it with numpy.savez(FILE, x=x, y=y), or x_NAME=…, y_NAME=… for each of several"
    with _reading(path, "a batch"), path.open("rb") as file:
        stored = np.load(file, allow_pickle=False)
        if not isinstance(stored, np.lib.npyio.NpzFile):
            stored = {"one array without a name": stored}
        held = {name: stored[name] for name in stored}
    x, y = (_named(held, name) for name in ("x", "y"))
    missing = [name for name, found in (("x", x), ("y", y)) if found is None]
    if missing:
        held_names = ", ".join(held) or "nothing"
        raise OverfitError(f"{path} holds {held_names}, but no {' and no '.join(missing)}: {way}.")
    for name, found in (("x", x), ("y", y)):
        if name in held and isinstance(found, dict):
            raise OverfitError(f"{path} holds {name} and {name}_{next(iter(found))}: {way}.")
    return x, y


def _named(held: dict[str, Any], name: str) -> Any:  # noqa: ANN401  # an array or a dict of them
    """Return the arrays ``name_…`` by the rest of their names, or the one called ``name``."""
    start = f"{name}_"
    named = {one.removeprefix(start): held[one] for one in held if one.startswith(start)}
    return named or held.get(name)


if __name__ == "__main__":
    sys.exit(main())
