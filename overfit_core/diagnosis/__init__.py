"""Did the network memorise the batch, if not why not, and which change makes it.

``check`` trains copies of a model with the compiled loop, looks at what it recorded with one rule
per fault, and tries the smallest changes that may mend what they find.
"""

from overfit_core.diagnosis.checking import check, check_spec
from overfit_core.diagnosis.facts import Cause, Change
from overfit_core.diagnosis.report import Fix, Report

__all__ = ["Cause", "Change", "Fix", "Report", "check", "check_spec"]
