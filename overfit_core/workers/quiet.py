"""What TensorFlow says whenever it is imported, and no setting of its own keeps back.

Its libraries print it while they are being loaded, before they read ``TF_CPP_MIN_LOG_LEVEL``.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import BinaryIO

NOISE = (b"oneDNN custom operations are on", b"before absl::InitializeLog() is called")
WAIT_SECONDS = 1.0
"""How long the last lines may take to go through."""
_LAST = b"\0the last line\0"


def keep_back(noise: Iterable[bytes] = NOISE, stream: int = 2) -> Callable[[], None]:
    """Keep lines with one of these texts out of what this process and its children print.

    Args:
        noise: Texts that nobody needs to read.
        stream: File descriptor of the stream, standard error by default.

    Returns:
        A call that ends it, after all that was printed until then has gone through.
    """
    before = os.dup(stream)
    out = os.fdopen(os.dup(stream), "wb", buffering=0)
    reading, writing = os.pipe()
    os.dup2(writing, stream)
    os.close(writing)
    lines = os.fdopen(reading, "rb")
    work = threading.Thread(target=_pass_on, args=(lines, out, tuple(noise)), daemon=True)
    work.start()

    def end() -> None:
        os.write(stream, _LAST + b"\n")
        os.dup2(before, stream)
        os.close(before)
        work.join(WAIT_SECONDS)

    return end


def _pass_on(lines: BinaryIO, out: BinaryIO, noise: tuple[bytes, ...]) -> None:
    with lines, out:
        for line in lines:
            text, last, _ = line.partition(_LAST)
            if not any(said in text for said in noise):
                # Whoever prints must not have to wait because nobody reads any more.
                with suppress(OSError):
                    out.write(text)
            if last:
                return
