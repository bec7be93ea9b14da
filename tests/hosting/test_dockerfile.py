"""The Dockerfile: clean, and taking what the app needs and nothing else."""

import re
import shutil
import subprocess
import sysconfig
from pathlib import Path, PurePosixPath

import pytest

from overfit_core.settings import Settings
from tests.hosting.dockerfile import Ignored, Image, build, steps


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory, root: Path) -> Image:
    """The files of the image; its Python steps, which take seconds, left out."""
    return build(root, tmp_path_factory.mktemp("image"), python=None)


def _files(image: Image) -> set[str]:
    found = (path for path in image.folder.rglob("*") if path.is_file())
    return {path.relative_to(image.folder).as_posix() for path in found}


def test_a_linter_has_nothing_to_say(root: Path) -> None:
    # Beside this Python, which need not be the shell's.
    linter = shutil.which("hadolint", path=sysconfig.get_path("scripts"))
    if linter is None:
        pytest.skip("no hadolint: its wheel is not there for Windows")
    done = subprocess.run([linter, "Dockerfile"], cwd=root, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "")


def test_all_code_that_git_has_is_taken(root: Path, image: Image) -> None:
    asked = ["git", "ls-files", "app.py", "pages", "overfit_core", "static", ".streamlit"]
    done = subprocess.run(asked, cwd=root, capture_output=True, text=True)
    if done.returncode:
        pytest.skip("not a checkout of git")
    there = {name for name in done.stdout.splitlines() if (root / name).exists()}
    assert {"app.py", ".streamlit/config.toml", "static/live_chart.js"} <= there
    assert there <= _files(image)


def test_nothing_else_is_taken(image: Image) -> None:
    tops = {name.partition("/")[0] for name in _files(image)}
    code = {"app.py", "pages", "overfit_core", "static", ".streamlit"}
    assert tops == {*code, "requirements.txt", "LICENSE"}
    assert not [name for name in _files(image) if name.endswith((".pyc", ".sqlite3", ".env"))]


@pytest.mark.parametrize(
    "name",
    [
        *(".git/config", ".env", ".streamlit/secrets.toml", ".overfit-lab/runs.sqlite3"),
        *(".venv/bin/python", "tests/conftest.py", "benchmarks/RESULTS.md", "README.md"),
        *("pages/__pycache__/train.pyc", "static/plotly-7.1.0.min.js", "data.csv"),
    ],
)
def test_secrets_data_and_caches_stay_out(root: Path, name: str) -> None:
    assert PurePosixPath(name) in Ignored(root / ".dockerignore")


@pytest.mark.parametrize(
    ("rules", "left_out", "taken"),
    [
        ("*\n!a", ["b", "b/c"], ["a", "a/b/c"]),
        ("a/*.py", ["a/b.py"], ["a/b/c.py", "b.py"]),
        ("**/*.py", ["a.py", "a/b/c.py"], ["a.pyc"]),
        ("a\n!a/b\n# c", ["a/c"], ["a/b", "c"]),
    ],
)
def test_rules_are_read_as_docker_reads_them(
    tmp_path: Path, rules: str, left_out: list[str], taken: list[str]
) -> None:
    (tmp_path / ".dockerignore").write_text(rules)
    ignored = Ignored(tmp_path / ".dockerignore")
    assert [name for name in left_out + taken if PurePosixPath(name) in ignored] == left_out


def test_packages_are_installed_before_the_code_is_copied(root: Path) -> None:
    told = [f"{step.name} {step.text}" for step in steps(root / "Dockerfile")]
    install = next(n for n, text in enumerate(told) if text.startswith("RUN pip install"))
    assert told[install - 1] == "COPY requirements.txt ."
    assert told.index("COPY . .") > install


def test_data_goes_into_the_volume_and_the_user_has_a_number(image: Image) -> None:
    assert image.environment["OVERFIT_DATA_DIR"] == str(image.volume) == str(image.inside("/data"))
    assert image.user == 1000


def test_base_and_python_fit(root: Path) -> None:
    base = steps(root / "Dockerfile")[0].text
    found = re.fullmatch(r"python:3\.(1[123])-slim-[a-z]+", base)
    assert found, base


def test_every_setting_of_the_image_exists(image: Image) -> None:
    known = {f"OVERFIT_{name.upper()}" for name in Settings.model_fields}
    assert {name for name in image.environment if name.startswith("OVERFIT_")} <= known
