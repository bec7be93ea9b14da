"""A link as a QR code."""

import xml.etree.ElementTree as ET

from overfit_core.charts.qr_code import qr_code


def test_a_link_becomes_svg_with_a_white_border() -> None:
    svg = qr_code("http://localhost:8501/?run=0123456789abcdef")
    assert svg is not None
    root = ET.fromstring(svg)
    # Version 4 has 33 modules; four white ones at each side; four pixels each.
    assert root.attrib["width"] == root.attrib["height"] == str((33 - 4 + 8) * 4)
    assert root[0].text == "QR code"


def test_another_link_is_another_code() -> None:
    assert qr_code("http://a/?run=1") != qr_code("http://a/?run=2")


def test_a_link_that_is_too_long_has_none() -> None:
    assert qr_code("x" * 2953) is not None
    assert qr_code("x" * 2954) is None
