"""What every kind of file has that something can be taken away as."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Kind:
    """One kind of file.

    Attributes:
        kind: its name in code.
        label: its name on a page.
        meaning: one line: what it is, and what for.
        ending: ending of its file name, dot included.
        mime: its MIME type.
    """

    kind: str
    label: str
    meaning: str
    ending: str
    mime: str
