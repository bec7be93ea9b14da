"""What the papers say is what the code has."""

import ast
import importlib.metadata
import re
import subprocess
import sys
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from benchmarks.results import TITLE
from overfit_core.settings import Settings

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
TARGETS = set(re.findall(r"^([a-z-]+):", MAKEFILE, flags=re.MULTILINE))


def _requirements(name: str) -> list[Requirement]:
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    return [Requirement(line) for line in lines if line.strip() and not line.startswith(("#", "-"))]


def _settings() -> dict[str, object]:
    return {
        f"OVERFIT_{name.upper()}": field.default for name, field in Settings.model_fields.items()
    }


@pytest.mark.parametrize("name", _settings())
def test_every_setting_stands_in_the_readme_table(name: str) -> None:
    assert re.search(rf"^\| `{name}` \|.+\|.+\|$", README, flags=re.MULTILINE)


@pytest.mark.parametrize("text", [README, CONTRIBUTING], ids=["README", "CONTRIBUTING"])
def test_every_setting_that_is_named_exists(text: str) -> None:
    assert set(re.findall(r"OVERFIT_[A-Z_]+[A-Z]", text)) <= set(_settings())


@pytest.mark.parametrize("text", [README, CONTRIBUTING], ids=["README", "CONTRIBUTING"])
def test_every_make_target_that_is_named_exists(text: str) -> None:
    named = set(re.findall(r"(?:^|`)make ([a-z-]+)", text, flags=re.MULTILINE))
    assert named
    assert named <= TARGETS


@pytest.mark.parametrize("target", sorted(TARGETS))
def test_every_recipe_has_its_comment(target: str) -> None:
    assert re.search(rf"^# .+\n{target}:", MAKEFILE, flags=re.MULTILINE)


@pytest.mark.parametrize(
    "name", [requirement.name for requirement in _requirements("requirements.txt")]
)
def test_every_direct_dependency_has_its_line_of_why(name: str) -> None:
    assert re.search(rf"^- .*`{re.escape(name)}`.*: .+", CONTRIBUTING, flags=re.MULTILINE)


@pytest.mark.parametrize(
    "name", ["requirements.txt", "requirements-dev.txt", "requirements-bench.txt"]
)
def test_every_direct_dependency_is_pinned_exactly(name: str) -> None:
    requirements = _requirements(name)
    assert requirements
    for requirement in requirements:
        assert [specifier.operator for specifier in requirement.specifier] == ["=="], requirement


@pytest.mark.parametrize(
    ("lists", "code"),
    [
        (["requirements.txt"], ["app.py", "pages/**/*.py", "overfit_core/**/*.py"]),
        (["requirements.txt", "requirements-dev.txt"], ["tests/**/*.py", "docs/**/*.py"]),
    ],
    ids=["app", "tests"],
)
def test_every_package_that_the_code_imports_is_a_direct_dependency(
    lists: list[str], code: list[str]
) -> None:
    distributions = importlib.metadata.packages_distributions()
    direct = {requirement.name.lower() for each in lists for requirement in _requirements(each)}
    known = {*sys.stdlib_module_names, "overfit_core", "pages", "tests", "benchmarks", "docs"}
    missing = set()
    for path in (path for pattern in code for path in ROOT.glob(pattern)):
        for name in _imported(path) - known:
            found = {each.lower().replace("_", "-") for each in distributions.get(name, [])}
            if not found & direct:
                missing.add(f"{path.relative_to(ROOT)}: {name}")
    assert not missing


def _imported(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            names.add(node.module.partition(".")[0])
    return names


def test_the_soak_is_told_with_the_size_that_it_was_measured_with() -> None:
    results = (ROOT / "benchmarks/RESULTS.md").read_text(encoding="utf-8")
    assert results.startswith(TITLE)
    section = results.partition("<!-- soak -->")[2].partition("<!-- end of soak -->")[0]
    nets = re.findall(r"^\| ([\d,]+) \|", section, flags=re.MULTILINE)[-1]
    told = (ROOT / "benchmarks/README.md").read_text(encoding="utf-8")
    assert f"`python -m benchmarks.soak {nets}`" in told


def test_the_links_between_the_papers_lead_somewhere() -> None:
    for text in (README, CONTRIBUTING):
        for target in re.findall(r"\]\(([^)#]+)\)", text):
            assert target.startswith("https://") or (ROOT / target).exists(), target


@pytest.mark.exhaustive
def test_the_readme_code_runs_and_memorises() -> None:
    code = "\n".join(re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL))
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=100
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1].startswith("Memorised at epoch ")
