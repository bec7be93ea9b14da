"""Faulty Keras programs that people really wrote: what the diagnosis is measured on besides.

``programs.json`` holds those that the rules were made with, ``unseen.json`` those that were
collected when the rules were done. Both hold facts, with where each was published: layers, loss,
optimizer and epochs, what their batches are like, and the faults that an answer, a repair or a
benchmark names, or that the program shows; what is expected of one was written down before it was
checked. The data themselves are not here: ``batches`` and ``unseen_batches`` draw some of like kind
from a seed. A program is run on one batch, with one step an epoch, for as many epochs as it had.
"""

from __future__ import annotations

from tests.diagnosis.real.making import MENDED, PROGRAMS, RULES_OF, UNSEEN, RealProgram

__all__ = ["MENDED", "PROGRAMS", "RULES_OF", "UNSEEN", "RealProgram"]
