"""A link as a QR code, for a classroom."""

from __future__ import annotations


def qr_code(link: str) -> str | None:
    """Return the code as SVG, dark on white in both themes; None if the link is too long.

    Args:
        link: At most 2,953 bytes (ISO/IEC 18004, version 40 with level L).
    """
    import segno

    try:
        code = segno.make(link, micro=False, error="l")
    except segno.DataOverflowError:
        return None
    svg: str = code.svg_inline(scale=4, border=4, dark="#000", light="#fff", title="QR code")
    return svg
