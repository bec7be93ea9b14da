"""The Runs page: every recorded run of whoever looks."""

from __future__ import annotations

from overfit_core.errors import OverfitError
from pages.parts.form_fields import say_wrong
from pages.parts.heading import RUNS, heading
from pages.parts.library import library
from pages.parts.race_library import race_library
from pages.parts.visitor import remember_visitor

heading(RUNS, "What was trained here: find it again, name it, compare it.", share=False)
try:
    library()
    race_library()
    remember_visitor()
except OverfitError as error:
    say_wrong(str(error))
