"""The Compare page."""

from pages.parts.heading import heading

heading("Compare", "Runs side by side.")
