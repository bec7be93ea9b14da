"""How large a run may be: every bound that is not an argument's own, in one place.

Ranges of optimizer arguments stand in `optimizers.py`, those of layers in
`models/layers/`, those of a batch source's settings in `batches/`.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """The bounds of a spec. A run within them fits one worker's memory and answers a stop."""

    name_length: int = 80
    notes_length: int = 4_000
    tags: int = 12
    tag_length: int = 30
    samples: int = 2048
    held_out: int = 2048
    seed: int = 2**31 - 1
    layers: int = 32
    epochs: int = 1_000_000
    head_units: int = 1024

    parameters: int = 1_000_000
    """Weights of a net. Adam keeps three copies: 12 MB in float32."""
    activations: int = 20_000_000
    """Numbers that the layers hold for the gradients, of all samples: 80 MB in float32."""
    epoch_flops: float = 2e10
    """Work of one epoch, floating-point operations: about 1 s, so that a stop is heard in time."""
    run_flops: float = 2e14
    """Work of a whole run, epochs x flops of one epoch: some hours on one core."""

    link_code_length: int = 16_000
    """Characters of a link code."""
    link_json_length: int = 128_000
    """Bytes that a link code may unpack to."""


LIMITS = Limits()
