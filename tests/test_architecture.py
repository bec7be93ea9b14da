"""The three walls of the house, and what keeps them standing."""

import ast
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
CORE = ROOT / "overfit_core"
PAGES = ROOT / "pages"

# What only workers may load; the figures in the second wall are hundreds of megabytes.
HEAVY = {"tensorflow", "keras"}
# What a batch loads when it is made, and nothing loads before.
LATER = {"sklearn", "scipy"}

# Modules of the core that the web process uses (a package stands for everything in it).
WEB = (
    "overfit_core",
    "overfit_core.errors",
    "overfit_core.spec",
    "overfit_core.presets",
    "overfit_core.batches",
    "overfit_core.models.summary",
    "overfit_core.models.layers",
    "overfit_core.optimizers",
    "overfit_core.schedules",
    "overfit_core.training.history",
    "overfit_core.training.result",
    "overfit_core.charts",
    "overfit_core.charts.compare",
    "overfit_core.comparison.scoreboard",
    "overfit_core.comparison.view",
    "overfit_core.exports",
    "overfit_core.exports.race_tables",
    "overfit_core.racing",
    "overfit_core.racing.estimate",
    "overfit_core.racing.listing",
    "overfit_core.racing.picking",
    "overfit_core.racing.reference",
    "overfit_core.racing.setup",
    "overfit_core.settings",
    "overfit_core.visitors",
    "overfit_core.store",
    "overfit_core.workers",
)

# All that a page may import: the core, Streamlit, and modules that calculate nothing.
PAGE_IMPORTS = {
    "__future__",
    "base64",
    "collections",
    "contextlib",
    "dataclasses",
    "enum",
    "functools",
    "html",
    "importlib",
    "json",
    "logging",
    "overfit_core",
    "pages",
    "pandas",
    "pathlib",
    "shutil",
    "streamlit",
    "typing",
    "urllib",
}
# Arithmetic is the core's: a page adds and subtracts (a row more, a column less), no more.
ARITHMETIC = (ast.Mult, ast.Div, ast.FloorDiv, ast.Mod, ast.Pow, ast.MatMult)
CALCULATING = {"sum", "round", "divmod", "pow", "abs"}


def _files(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.py"))


def _pages() -> list[Path]:
    return [ROOT / "app.py", *_files(PAGES)]


def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def _imports(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Line and dotted name of every import in the tree, inside functions too."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield node.lineno, node.module or ""


def _top(name: str) -> str:
    return name.partition(".")[0]


def _where(path: Path, line: int, what: str) -> str:
    return f"{path.relative_to(ROOT)}:{line}: {what}"


def _loaded_by(modules: list[str], code: str = "") -> set[str]:
    """Top-level names in sys.modules after a fresh Python imported the modules and ran the code."""
    script = "\n".join(
        [
            "import importlib, json, pkgutil, sys",
            f"for name in {modules!r}:",
            "    module = importlib.import_module(name)",
            "    if name != 'overfit_core' and hasattr(module, '__path__'):",
            "        for found in pkgutil.walk_packages(module.__path__, name + '.'):",
            "            importlib.import_module(found.name)",
            code,
            "print(json.dumps(sorted({name.partition('.')[0] for name in sys.modules})))",
        ]
    )
    # Streamlit says on stderr that it runs without its server; only a failure's reason is wanted.
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        env=dict(os.environ),
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stdout.splitlines()[-1]))


def test_the_scan_sees_the_files_it_is_about() -> None:
    assert CORE / "spec.py" in _files(CORE)
    assert PAGES / "train.py" in _pages()


def test_the_core_never_imports_streamlit() -> None:
    found = [
        _where(path, line, name)
        for path in _files(CORE)
        for line, name in _imports(_tree(path))
        if _top(name) == "streamlit"
    ]
    assert not found


def test_the_core_never_imports_the_pages() -> None:
    found = [
        _where(path, line, name)
        for path in _files(CORE)
        for line, name in _imports(_tree(path))
        if _top(name) in {"pages", "app", "tests", "benchmarks"}
    ]
    assert not found


def test_the_pages_never_name_tensorflow_or_keras() -> None:
    found = [
        _where(path, line, name)
        for path in _pages()
        for line, name in _imports(_tree(path))
        if _top(name) in HEAVY
    ]
    assert not found


def test_the_core_of_the_web_process_loads_without_tensorflow_and_scikit_learn() -> None:
    unwanted = HEAVY | LATER | {"streamlit"}
    loaded = _loaded_by(list(WEB)) & unwanted
    assert not loaded, [module for module in WEB if _loaded_by([module]) & unwanted]


def test_the_shared_parts_of_the_pages_load_without_tensorflow_and_scikit_learn() -> None:
    parts = [f"pages.parts.{path.stem}" for path in _files(PAGES / "parts")]
    assert "pages.parts.race_panel" in parts
    loaded = _loaded_by([part.removesuffix(".__init__") for part in parts])
    assert "streamlit" in loaded
    assert not loaded & (HEAVY | LATER)


def test_a_spec_is_checked_summed_up_and_linked_without_tensorflow_and_scikit_learn() -> None:
    code = """
from overfit_core.models.costs import training_seconds
from overfit_core.models.summary import summarise
from overfit_core.presets import PRESETS
from overfit_core.spec import RunSpec
for preset in PRESETS.values() if hasattr(PRESETS, "values") else PRESETS:
    spec = RunSpec.load(preset.spec.to_json())
    assert RunSpec.from_link_code(spec.link_code()) == spec
    assert summarise(spec).parameters > 0
    assert training_seconds(spec) > 0
"""
    assert not _loaded_by(["overfit_core.presets"], code) & (HEAVY | LATER)


def test_a_batch_is_made_without_tensorflow() -> None:
    code = """
from overfit_core.batches import SOURCES, make_batch
from overfit_core.spec import BatchSpec
for source in SOURCES:
    make_batch(BatchSpec(source=source, samples=4))
"""
    loaded = _loaded_by(["overfit_core.batches"], code)
    assert "sklearn" in loaded, "the sources that need scikit-learn were not made"
    assert not loaded & HEAVY


def test_pages_import_only_what_shows_and_nothing_that_calculates() -> None:
    found = [
        _where(path, line, name)
        for path in _pages()
        for line, name in _imports(_tree(path))
        if _top(name) not in PAGE_IMPORTS
    ]
    assert not found


def _calculations(path: Path) -> Iterator[tuple[int, str]]:
    for node in ast.walk(_tree(path)):
        operator = node.op if isinstance(node, ast.BinOp | ast.AugAssign) else None
        if isinstance(operator, ARITHMETIC) and not _joins_text(node):
            yield node.lineno, ast.unparse(node)
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id in CALCULATING
        ):
            yield node.lineno, ast.unparse(node)


def _joins_text(node: ast.AST) -> bool:
    """Whether `a / "b"` puts a path together, or `text % (…)` fills in a text."""
    if not isinstance(node, ast.BinOp):
        return False
    if isinstance(node.op, ast.Div):
        return isinstance(node.right, ast.Constant) and isinstance(node.right.value, str)
    return isinstance(node.op, ast.Mod) and isinstance(node.right, ast.Dict | ast.Tuple)


def test_pages_calculate_nothing() -> None:
    found = [_where(path, line, what) for path in _pages() for line, what in _calculations(path)]
    assert not found, "move these into overfit_core, where a test can check them"


def test_app_py_holds_configuration_and_navigation_only() -> None:
    path = ROOT / "app.py"
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 80
    assert {_top(name) for _, name in _imports(_tree(path))} <= PAGE_IMPORTS - {"pandas"}


def test_files_stay_small_enough_to_read() -> None:
    long = {
        str(path.relative_to(ROOT)): lines
        for folder in (CORE, PAGES)
        for path in _files(folder)
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > 400
    }
    assert not long
