"""The Compare page: runs side by side."""

from __future__ import annotations

from overfit_core.errors import OverfitError
from pages.parts.comparison import comparison
from pages.parts.form_fields import say_wrong
from pages.parts.heading import COMPARE, heading
from pages.parts.visitor import remember_visitor

heading(COMPARE, "Which run memorises the batch first, and is the comparison fair?")
try:
    comparison()
    remember_visitor()
except OverfitError as error:
    say_wrong(str(error))
