"""What Docker would do with the Dockerfile, as far as it goes without Docker."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

_JOINED = re.compile(r"\\\n\s*(?:#.*\n\s*)*")
_ASSIGNED = re.compile(r"(\w+)=(\S+)")


@dataclass(frozen=True)
class Step:
    """One instruction, such as ``COPY`` and what stands behind it."""

    name: str
    text: str


def steps(dockerfile: Path) -> list[Step]:
    """Return the instructions, those over several lines put together."""
    lines = _JOINED.sub("", dockerfile.read_text(encoding="utf-8")).splitlines()
    told = [line.strip() for line in lines if line.strip() and not line.lstrip().startswith("#")]
    return [Step(*line.split(maxsplit=1)) for line in told]


class Ignored:
    """The rules of a .dockerignore: the last one that fits a path or a folder above it counts."""

    def __init__(self, file: Path) -> None:
        self._rules: list[tuple[bool, re.Pattern[str]]] = []
        self._kept: list[str] = []
        for line in map(str.strip, file.read_text(encoding="utf-8").splitlines()):
            if line and not line.startswith("#"):
                kept, rule = line.startswith("!"), line.lstrip("!").strip("/")
                self._rules.append((not kept, _pattern(rule)))
                self._kept += [rule] if kept else []

    def __contains__(self, path: PurePosixPath) -> bool:
        above = [str(path), *(str(parent) for parent in path.parents)]
        left_out = False
        for leaves_out, pattern in self._rules:
            if any(pattern.fullmatch(name) for name in above):
                left_out = leaves_out
        return left_out

    def below(self, folder: Path) -> bool:
        """Whether nothing in a folder needs to be looked at."""
        name = folder.as_posix()
        return PurePosixPath(name) in self and not any(
            rule.startswith((f"{name}/", "*")) for rule in self._kept
        )


def _pattern(rule: str) -> re.Pattern[str]:
    signs = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    parts = re.split(r"(\*\*/|\*\*|\*|\?)", rule)
    return re.compile("".join(signs.get(part, re.escape(part)) for part in parts))


@dataclass
class Image:
    """A folder in place of an image.

    Attributes:
        root: What is ``/`` in the image.
        folder: The working directory, below ``root``.
        environment: What ``ENV`` sets, with paths below ``root``.
        user: Number of the user that the program runs as.
        volume: Where data outlives a container, below ``root``.
        command: What a container runs.
        health: What tells whether it is well.
    """

    root: Path
    folder: Path
    environment: dict[str, str] = field(default_factory=dict)
    user: int = 0
    volume: Path = Path()
    command: list[str] = field(default_factory=list)
    health: list[str] = field(default_factory=list)

    def inside(self, path: str) -> Path:
        """Where a path of the image lies."""
        return self.root / path.lstrip("/")


def build(source: Path, root: Path, python: Path | None) -> Image:
    """Follow the Dockerfile of ``source``; packages and users are taken as they are here.

    Args:
        source: Folder of the Dockerfile.
        root: Empty folder for the image.
        python: Folder of the ``python`` that it calls; None leaves out what it would do.
    """
    image = Image(root, root)
    ignored = Ignored(source / ".dockerignore")
    for step in steps(source / "Dockerfile"):
        match step.name:
            case "WORKDIR":
                image.folder = image.inside(step.text)
                image.folder.mkdir(parents=True)
            case "COPY":
                _copy(source, image.folder, step.text.split(), ignored)
            case "RUN" if python and step.text.startswith("python "):
                told = {"PATH": path_of(python), "HOME": str(root), **image.environment}
                subprocess.run(["sh", "-ec", step.text], cwd=image.folder, env=told, check=True)
            case "ENV":
                for name, value in _ASSIGNED.findall(step.text):
                    own = value.startswith("/")
                    image.environment[name] = str(image.inside(value)) if own else value
            case "VOLUME":
                image.volume = image.inside(step.text)
            case "USER":
                image.user = int(step.text)
            case "HEALTHCHECK":
                image.health = json.loads(step.text.partition("CMD ")[2])
            case "CMD":
                image.command = json.loads(step.text)
    return image


def path_of(python: Path) -> str:
    """A ``PATH`` that finds this folder's programs first."""
    return os.pathsep.join([str(python), os.environ.get("PATH", os.defpath)])


def _copy(source: Path, folder: Path, names: list[str], ignored: Ignored) -> None:
    """Copy what the rules leave of one file or folder, hidden files included."""
    copied, target = names
    assert target == "."
    found = _files(source, ignored) if (source / copied).is_dir() else [source / copied]
    for file in found:
        name = file.relative_to(source)
        if PurePosixPath(name.as_posix()) not in ignored:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, folder / name)


def _files(source: Path, ignored: Ignored) -> Iterator[Path]:
    for at, folders, files in os.walk(source):
        here = Path(at).relative_to(source)
        folders[:] = [name for name in folders if not ignored.below(here / name)]
        yield from (Path(at) / name for name in files)
