"""Images small enough to stand in a table."""

from __future__ import annotations

import base64
import struct
import zlib
from typing import Any

import numpy as np
import numpy.typing as npt

SIDE = 32
"""Least width of a thumbnail, in pixels; smaller images are enlarged by whole pixels."""


def thumbnails(images: npt.NDArray[np.floating[Any]]) -> list[str]:
    """Return one PNG per image as a ``data:`` URL, grey, the batch's lowest value black.

    Args:
        images: Shape ``(samples, height, width, channels)``; channels are averaged.
    """
    grey = np.asarray(images, dtype=np.float64).mean(axis=-1)
    low, high = float(grey.min()), float(grey.max())
    levels = np.round(255 * (grey - low) / (high - low or 1.0)).astype(np.uint8)
    zoom = max(1, SIDE // levels.shape[-1])
    enlarged = levels.repeat(zoom, axis=1).repeat(zoom, axis=2)
    return [f"data:image/png;base64,{base64.b64encode(_png(image)).decode()}" for image in enlarged]


def _png(grey: npt.NDArray[np.uint8]) -> bytes:
    """Return an 8-bit grey PNG (ISO/IEC 15948): four chunks, no filter on any row."""
    height, width = grey.shape
    rows = b"".join(b"\0" + row.tobytes() for row in grey)
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(map(_chunk, chunks))


def _chunk(part: tuple[bytes, bytes]) -> bytes:
    kind, data = part
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
