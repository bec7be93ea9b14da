"""Ways to train one batch, one per file, each run in a process of its own.

``python -m benchmarks.ways.NAME PRESET EPOCHS REPEATS`` prints one JSON line: the seconds of the
first call (tracing and compiling included) and those of the later ones.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable

Run = Callable[[], object]


def arguments() -> tuple[str, int, int]:
    """Return preset, epochs and repeats from the command line."""
    return sys.argv[1], int(sys.argv[2]), int(sys.argv[3])


def measure(prepare: Callable[[], Run], repeats: int, **more: object) -> None:
    """Time ``prepare()()`` once and then ``repeats`` times, and print the seconds.

    ``prepare`` makes what is not timed, such as a fresh model.
    """
    times = []
    for _ in range(repeats + 1):
        run = prepare()
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    print(json.dumps({"first": times[0], "later": times[1:]} | more))
