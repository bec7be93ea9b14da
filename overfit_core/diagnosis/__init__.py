"""Did the network memorise the batch, if not why not, and which change makes it.

``check`` trains copies of a model with the compiled loop, looks at what it recorded with one rule
per fault, and tries the smallest changes that may mend what they find. Importing this package
imports nothing of that: pages look at reports without it.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from overfit_core.diagnosis.checking import check, check_spec
    from overfit_core.diagnosis.facts import Cause, Change
    from overfit_core.diagnosis.report import Fix, Report

_LAZY = {
    "Cause": "facts",
    "Change": "facts",
    "Fix": "report",
    "Report": "report",
    "check": "checking",
    "check_spec": "checking",
}

__all__ = ["Cause", "Change", "Fix", "Report", "check", "check_spec"]


def __getattr__(name: str) -> Any:  # noqa: ANN401 - whatever the name stands for
    """Import a name on its first use."""
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_LAZY[name]}"), name)
