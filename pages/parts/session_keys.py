"""The names in ``st.session_state``: ids, settings and short sentences; no run, no curve.

Every setting of the form has the key ``set.`` and its path in the spec, such as
``set.batch.samples``. A row of the table of layers has a number of its own, which it keeps when it
is moved: ``set.layer.7.units``.
"""

from __future__ import annotations

from collections.abc import Sequence

NAVIGATED = "navigated"
"""Whether this session has come through ``app.py``."""
OPENED = "opened"
"""Whether the address was read: a session reads it once."""
NOTICE = "notice"
"""What to say about the address, such as a link code that is not ours."""
PRESET = "preset"
"""Id of the preset that the settings started from; None for settings of one's own."""
SHARING = "sharing"
"""Whether the link to share is shown."""
HIDDEN = "hidden"
"""Parts of the page that the address hides."""
RUN = "run"
"""Id of the run that is shown."""
RUNS = "runs"
"""Ids of the runs that were started or opened in this session, oldest first."""
TOGETHER = "together"
"""Ids of the runs whose curves are drawn together with the shown one's, oldest first."""
VISITOR = "visitor"
"""The cookie that was made for this visitor in this session."""
SHOWN_RUN = "shown-run"
"""The run chosen in the list of this session's runs."""
STARTED = "started"
"""Id of the run that was started by this very click."""
SHOWN_STATE = "shown-state"
"""The state of the runs that the page was last drawn for."""
TIMED = "timed"
"""Whether the page that is shown has had a part with a timer."""
GOING = "going"
"""To which page a click leads, and with what in its address."""
LEAVING = "leaving"
"""The same, while the browser is asked whether it has heard."""
WHOLE_PAGE = "whole-page"
"""Whether a click in the panel of the run changed something beside it."""
FAILED = "failed"
"""Why the last click in the panel of the run did nothing."""
PACE = "pace"
LOG_AXIS = "log-axis"
BUDGET = "budget"
"""How long a search for a cause that is asked for may take."""

SEARCH = "search"
"""What is searched for among the runs."""
PAGE = "page"
"""Id of the page that was drawn last."""
COMPARED = "compared"
"""Ids of the runs that the Compare page shows; None until its address was read."""
COMPARE_NOTICES = "compare-notices"
"""What of the Compare page's address could not be used."""

LAYER_IDS = "layer-ids"
"""Numbers of the rows of the table of layers, from the input on."""
LAYERS_MADE = "layers-made"
"""How many rows were made in this session: the next one's number."""
ADD_LAYER = "add-layer"
FILLED = "filled"
"""The number of the last filling of the form, and what was filled in."""
FORM_VERSION = "form-version"
"""The number of the filling that the browser shows."""

BESIDE_IDS = "beside-ids"
"""Numbers of the optimizers that train beside the spec's own."""
BESIDE_MADE = "beside-made"
"""How many of them were made in this session: the next one's number."""
ADD_OPTIMIZER = "add-optimizer"

LESSON = "lesson"
"""Id of the lesson that the Learn page shows."""
EXAMPLE = "example"
"""Which of the article's examples is trained."""
FAULT = "fault"
"""Id of the fault that the healthy run is broken by."""
MYSTERY = "mystery"
"""Code of the mystery that is shown; None without one."""
GUESS = "guess"
"""What was chosen as the mystery's cause."""
GUESSED = "guessed"
"""Ids of the faults that were guessed of the mystery, the last one last."""
LESSON_RUNS = "lesson-runs"
"""Ids of the runs of each part of a lesson, by its name."""
LESSON_READ = "lesson-read"
"""Whether the Learn page's address was read: a session reads it once."""
LESSON_NOTICE = "lesson-notice"
"""What of the Learn page's address could not be used."""
GO_TRAIN = "go-train"
"""Ids of runs that a click on another page wants to see on the Train page, the shown one last."""

RACE = "race"
"""Id of the race that is shown; one of those that were started together."""
RACE_OPENED = "race-opened"
"""Whether the Race page's address was read: a session reads it once."""
RACE_NOTICES = "race-notices"
"""What of the Race page's address could not be used."""
RACE_OWN = "race-own"
"""Settings of tasks that are no presets, as link codes, by the name of their choice."""
RACE_PICKED = "race-picked"
"""The cell of the grid that is picked: optimizer's place, learning rate, and seed or None."""

PREFIX = "set."


def run_filter(name: str) -> str:
    """Return the key of a filter of the table of runs."""
    return f"filter-{name.lower()}"


def picks(table: str, run_ids: Sequence[str]) -> str:
    """Return the key of the places picked in a table of these runs, in this order."""
    return f"picks-{table}-{hash(tuple(run_ids)):x}"


def picked(table: str) -> str:
    """Return the key of the ids that were picked in a table of runs at the last look."""
    return f"picked-{table}"


def compare(name: str) -> str:
    """Return the key of a setting of the Compare page."""
    return f"compare-{name}"


def deleted(what: str) -> str:
    """Return the key of the ids of runs, or of races, that can be brought back."""
    return f"deleted-{what}"


def race(name: str) -> str:
    """Return the key of a setting of the Race page."""
    return f"race-set-{name}"


def setting(*path: str | int) -> str:
    """Return the key of a setting."""
    return PREFIX + ".".join(map(str, path))


def layer_setting(layer_id: int, name: str) -> str:
    """Return the key of a setting of one row of the table of layers."""
    return setting("layer", layer_id, name)


LEFT_OUT = "left-out"
"""What to say of runs that were too many for the Compare page; None if all fitted."""


def picks_cleared(table: str) -> str:
    """Return the key of how often all picks of a table of runs were taken away."""
    return f"picks-cleared-{table}"
