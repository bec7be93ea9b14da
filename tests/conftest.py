"""What every test stands on: no settings, no runs and no output of the person who runs them."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

_FOLDER = tempfile.TemporaryDirectory(prefix="overfit-tests-", ignore_cleanup_errors=True)


def pytest_configure() -> None:
    """Set the environment before any test module loads: TensorFlow reads its own only once."""
    for name in [name for name in os.environ if name.startswith("OVERFIT_")]:
        del os.environ[name]
    os.environ["OVERFIT_DATA_DIR"] = _FOLDER.name
    # A GPU rounds differently, and equality with model.fit is tested to 1e-9.
    os.environ["CUDA_VISIBLE_DEVICES"] = "-1"
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "2"


def pytest_unconfigure() -> None:
    """Leave nothing behind."""
    _FOLDER.cleanup()


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
