import os
from pathlib import Path

from overfit_core.workers.quiet import keep_back


def test_known_lines_are_kept_back_and_all_others_go_through(tmp_path: Path) -> None:
    file = tmp_path / "printed"
    stream = os.open(file, os.O_WRONLY | os.O_CREAT)
    end = keep_back([b"noise"], stream)
    os.write(stream, b"first\nmuch noise here\nsecond\nno line yet")
    end()
    os.write(stream, b", noise again\n")
    os.close(stream)
    assert file.read_text() == "first\nsecond\nno line yet, noise again\n"


def test_printing_goes_on_when_nobody_reads_any_more() -> None:
    reading, writing = os.pipe()
    end = keep_back([b"noise"], writing)
    os.close(reading)
    for _ in range(200):
        os.write(writing, b"x" * 1_000 + b"\n")
    end()
    os.close(writing)
