"""Faulty Keras programs that people really wrote: what the diagnosis is measured on besides.

``programs.json`` holds them as facts, with where each was published: layers, loss, optimizer and
epochs, what their batches are like, and the faults that an answer, a repair or a benchmark names.
The data themselves are not here: ``batches`` draws some of like kind from a seed. A program is run
on one batch, with one step an epoch, for as many epochs as it had.
"""

from __future__ import annotations

from tests.diagnosis.real.making import PROGRAMS, RULES_OF, RealProgram

__all__ = ["PROGRAMS", "RULES_OF", "RealProgram"]
