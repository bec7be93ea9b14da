"""Runs generated scripts one after the other in a fresh process, and keeps what they recorded.

    python replay.py FOLDER

For each ``NAME.py`` in the folder a ``NAME.json`` is written. Nothing of this project is imported,
and the process fails if a script imports it.
"""

import contextlib
import io
import json
import sys
import traceback
from pathlib import Path

import keras


def main(folder: Path) -> None:
    """Run every script of the folder."""
    for path in sorted(folder.glob("*.py")):
        keras.utils.clear_session()
        keras.config.set_floatx("float32")
        out = io.StringIO()
        names = {"__name__": "__main__"}
        try:
            with contextlib.redirect_stdout(out):
                exec(compile(path.read_text(encoding="utf-8"), path.name, "exec"), names)
        except Exception:
            result = {"error": traceback.format_exc()}
        else:
            result = {
                "history": {
                    k: [float(v) for v in vs] for k, vs in names["history"].history.items()
                },
                "memorised": names["memorised"].epoch,
                "prediction": names["prediction"].tolist(),
                "out": out.getvalue(),
            }
        path.with_suffix(".json").write_text(json.dumps(result))
    assert "overfit_core" not in sys.modules


main(Path(sys.argv[1]))
