"""How often XLA compiles, counted by what it dumps: a trace that is shared can still recompile."""

import os
import subprocess
import sys
from pathlib import Path

CODE = """
import sys
from pathlib import Path
from overfit_core.training.xla import configure
configure()
from overfit_core import RunSpec
from overfit_core.training.spec_session import SpecSession

def train(*lengths, **parts):
    data = RunSpec().model_dump()
    for name, values in parts.items():
        data[name] |= values
    session = SpecSession(RunSpec.load(data))
    for length in lengths:
        session.advance(length)

def compiled():
    return len(list(Path(sys.argv[1]).glob("*before_optimizations.txt")))

train(7)
first = compiled()
train(1, 2, 30)
train(5, optimizer={"learning_rate": 0.05})
train(5, optimizer={"schedule": {"kind": "exponential", "decay_steps": 10, "decay_rate": 0.5}})
train(5, training={"seed": 9, "epochs": 5000, "stop_when_memorised": True})
train(5, batch={"source": "xor", "seed": 3})
print(first, compiled())
"""


def test_xla_compiles_once_whatever_the_rate_schedule_seed_data_and_epochs(tmp_path: Path) -> None:
    flags = f"--xla_dump_to={tmp_path} --xla_dump_hlo_as_text"
    done = subprocess.run(
        [sys.executable, "-c", CODE, str(tmp_path)],
        env=os.environ | {"XLA_FLAGS": flags},
        capture_output=True,
        text=True,
        check=True,
    )
    first, last = (int(n) for n in done.stdout.split())
    assert first >= 1
    assert last == first
