"""What every test stands on: no settings, no runs and no output of the person who runs them."""

import hashlib
import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

_FOLDER = tempfile.TemporaryDirectory(prefix="overfit-tests-", ignore_cleanup_errors=True)


CLUSTER_FOLDERS = [Path(__file__).parent / name for name in ("workers", "hosting")]
"""Where `make test` looks for the mark `cluster`: to collect the others takes 10 seconds."""


def pytest_configure(config: pytest.Config) -> None:
    """Set the environment before any test module loads: TensorFlow reads its own only once."""
    for name in [name for name in os.environ if name.startswith("OVERFIT_")]:
        del os.environ[name]
    os.environ["OVERFIT_DATA_DIR"] = _FOLDER.name
    os.environ["OVERFIT_CACHE_DIR"] = str(_programs(config.cache.mkdir("programs")))
    # A GPU rounds differently, and equality with model.fit is tested to 1e-9.
    os.environ["CUDA_VISIBLE_DEVICES"] = "-1"
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "2"


def _programs(folder: Path) -> Path:
    """Keep what the workers' warm-up compiles until the project's code is another."""
    sources = sorted((Path(__file__).parents[1] / "overfit_core").rglob("*.py"))
    code = hashlib.sha256(b"".join(source.read_bytes() for source in sources)).hexdigest()
    for older in folder.iterdir():
        if older.name != code:
            shutil.rmtree(older, ignore_errors=True)
    return folder / code


def pytest_unconfigure() -> None:
    """Leave nothing behind."""
    _FOLDER.cleanup()


@pytest.hookimpl(tryfirst=True)  # before -m looks at the marks
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave all cases of a test but the first few to those who run everything."""
    seen: Counter[str] = Counter()
    for item in items:
        if item.get_closest_marker("cluster") and item.path.parent not in CLUSTER_FOLDERS:
            raise pytest.UsageError(f"{item.nodeid} is marked cluster: move it to tests/workers.")
        if (few := item.get_closest_marker("few")) is not None:
            test = item.nodeid.partition("[")[0]
            seen[test] += 1
            if seen[test] > few.args[0]:
                item.add_marker("exhaustive")


@pytest.fixture(scope="session")
def root() -> Path:
    """The repository's folder."""
    return Path(__file__).parents[1]


@pytest.fixture(autouse=True)
def clean_environment() -> Iterator[None]:
    """A test may set variables; the next one does not see them."""
    before = dict(os.environ)
    yield
    os.environ.clear()
    os.environ.update(before)
