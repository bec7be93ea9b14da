"""A run as a Keras script that needs nothing of this project: the tutorial that repeats it."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

from overfit_core.batches import SOURCES, Array, make_batch
from overfit_core.charts.status import run_title
from overfit_core.exports.code import ARRAY, array, literal
from overfit_core.exports.model_code import model_code
from overfit_core.exports.training_code import (
    compile_code,
    criterion_code,
    drops_by_xla,
    fit_code,
)
from overfit_core.models.targets import target_for
from overfit_core.spec import RunSpec


@dataclass(frozen=True)
class Section:
    """One part of the script: a cell of the notebook.

    Attributes:
        title: its heading.
        text: what it does and why, in plain sentences; nothing that a person typed.
        code: Python source.
    """

    title: str
    text: str
    code: str


def keras_script(spec: RunSpec) -> str:
    """Return a Python script that trains what `spec` describes with Keras alone.

    It holds the batch to the last bit and starts from the weights of the run; in float64 its
    history is that of the run to about 1e-9. It needs keras, tensorflow and numpy.

    Raises:
        SpecError: the batch cannot be made.
    """
    parts = [_HEAD, *map(_as_comment, sections(spec))]
    return "\n\n".join(parts)


def sections(spec: RunSpec) -> tuple[Section, ...]:
    """The parts of the script, in their order."""
    arrays = {name: array(values) for name, values in _arrays(spec).items()}
    return (
        _start(spec, arrays),
        _batch(spec, arrays),
        Section("The model", _MODEL, model_code(spec) + "\nmodel.summary()\n"),
        Section("Optimizer and loss", _compile_text(spec), compile_code(spec) + "\n"),
        Section("When the batch counts as memorised", _criterion_text(spec), criterion_code(spec)),
        Section("Training", _training_text(spec), fit_code(spec) + "\n"),
        Section("What came out", "The history has one value per epoch.", _RESULT),
    )


_HEAD = '''\
"""Can this network memorise this one batch? A stand-alone Keras script.

Written by Overfit Lab; needs keras, tensorflow and numpy.
"""'''

_MODEL = (
    "Every initialiser has a seed of its own, so the weights start as they did in the run. "
    "Other backends of Keras than TensorFlow draw other numbers from the same seed."
)

_RESULT = """\
losses = history.history["loss"]
every = max(1, len(losses) // 10)
for epoch in sorted({*range(1, len(losses) + 1, every), len(losses)}):
    figures = {name: values[epoch - 1] for name, values in history.history.items()}
    print(f"epoch {epoch:>6,}:", ", ".join(f"{k} {v:.6g}" for k, v in figures.items()))

prediction = model.predict_on_batch(x)
for sample in range(min(10, len(x))):
    print(f"sample {sample + 1}: label {y[sample]}, prediction {prediction[sample]}")
if memorised.epoch is None:
    print(f"Not memorised after {len(losses):,} epochs: loss {losses[-1]:.4g}.")
else:
    print(f"Memorised at epoch {memorised.epoch:,}; loss {losses[-1]:.4g} at the end.")
"""


def _as_comment(section: Section) -> str:
    """The section with its text as comments above its code."""
    lines = [f"# {line}" for line in _wrapped(f"{section.title}. {section.text}".strip())]
    return "\n".join([*lines, section.code])


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(text, 86)


def _start(spec: RunSpec, arrays: Mapping[str, str]) -> Section:
    text = "The numbers of a run depend on the versions and on the backend." + _versions()
    lines = ["import os", "", 'os.environ["KERAS_BACKEND"] = "tensorflow"', ""]
    if _need_decoding(arrays):
        lines.insert(0, "import base64")
    lines += ["import keras", "import numpy as np", ""]
    lines.append(f"NAME = {literal(run_title(spec))}")
    lines += ["print(NAME)", f'keras.config.set_floatx("{spec.training.dtype}")', ""]
    return Section("Set-up", text, "\n".join(lines))


def _versions() -> str:
    try:
        return f" This was written for Keras {version('keras')}."
    except PackageNotFoundError:
        return ""


def _arrays(spec: RunSpec) -> dict[str, Array]:
    batch = make_batch(spec.batch, spec.training.dtype)
    arrays = {"x": batch.x, "y": target_for(spec, batch)}
    if batch.x_held_out is not None:
        arrays |= {
            "x_held_out": batch.x_held_out,
            "y_held_out": target_for(spec, batch, held_out=True),
        }
    return arrays


def _need_decoding(arrays: Mapping[str, str]) -> bool:
    return any(text.startswith("array(") for text in arrays.values())


def _batch(spec: RunSpec, arrays: Mapping[str, str]) -> Section:
    code = "".join(f"{name} = {text}\n" for name, text in arrays.items())
    if _need_decoding(arrays):
        code = f"{ARRAY}\n\n{code}"
    source = SOURCES[spec.batch.source]
    count = spec.batch.samples
    text = [f"{source.label}: {count} sample{'s' if count != 1 else ''}."]
    if spec.batch.scaling != "none":
        text.append(f"The inputs are scaled already ({spec.batch.scaling}, fitted on the batch).")
    if redrawn := round(spec.batch.label_noise * spec.batch.samples):
        text.append(f"{redrawn} of the labels were drawn anew at random (label noise).")
    if repeated := spec.batch.contradictions:
        text.append(
            f"The last {repeated} repeat the inputs of the first {repeated}, with other labels: "
            "no network can be right on both."
            if repeated > 1
            else "The last sample repeats the input of the first one, with another label: no "
            "network can be right on both."
        )
    if spec.batch.held_out:
        text.append(f"{spec.batch.held_out} further samples are held out: never trained on.")
    return Section("The batch", " ".join(text), code)


def _compile_text(spec: RunSpec) -> str:
    text = "Whatever is not named has Keras' default."
    if spec.optimizer.schedule.kind != "constant":
        text += " The schedule counts steps; one step is one epoch, as the batch is trained whole."
    if (by_xla := drops_by_xla(spec)) is not None:
        made = "Compiled by XLA" if by_xla else "Left to TensorFlow's own kernels"
        text += f" {made}, as in the run, dropout drops the same units as it did there."
    return text


def _criterion_text(spec: RunSpec) -> str:
    if SOURCES[spec.batch.source].shape(spec.batch).task == "regression":
        return "A regression is right when R² of the worst output is at least 0.99."
    return "Judged from predictions in inference mode: the predicted class must be the label."


def _training_text(spec: RunSpec) -> str:
    text = "One step per epoch, all samples in each; training ends at a loss that is not finite."
    if spec.training.dtype == "float64":
        return f"{text} In float64 the history is that of the run to about nine digits."
    return (
        f"{text} In float32 rounding differs between two ways to compute the same sum, and "
        "optimizers such as Adam amplify it: only the first epochs agree closely with the run, "
        "and later ones in their course. A run in float64 agrees to the end."
    )
