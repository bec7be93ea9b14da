"""How TensorFlow is started: one thread, quiet, compiled programs kept on disk.

TensorFlow reads these settings once, when it is imported; ``configure`` therefore comes before.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

MAX_FILES = 2_000
"""Files kept on disk, two for each network, 0.2 MB together; the oldest go first."""


def configure(cache_dir: Path | None = None) -> bool:
    """Set the environment that TensorFlow reads on import.

    One thread for each kind of work is faster at the size of a single batch, and makes a run
    repeatable to the last bit. With ``cache_dir``, traced loops and XLA's compiled CPU programs are
    kept there and found again by later processes.

    Args:
        cache_dir: Folder for compiled programs, made if missing; None keeps none.

    Returns:
        True if TensorFlow will see the settings, False if it was imported before.
    """
    if "tensorflow" in sys.modules:
        return False
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
    for name in ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "OMP_NUM_THREADS"):
        os.environ.setdefault(name, "1")
    # With one thread, handing small products to Eigen's own pool costs 8 % of a dense epoch, and
    # cutting a program up for parallel compilation a quarter of the time to compile it.
    # Small products by Eigen itself: oneDNN's, which TensorFlow would put in their place, take 5 to
    # 15 % more of an epoch, and 30 ms of the first run for being made.
    os.environ.setdefault("TENSORFLOW_USE_CUSTOM_CONTRACTION_KERNEL", "false")
    _add_flags(
        "XLA_FLAGS",
        "--xla_cpu_multi_thread_eigen=false",
        "--xla_cpu_parallel_codegen_split_count=1",
    )
    if cache_dir is not None:
        cache_dir.mkdir(parents=True, exist_ok=True)
        _folders.append(cache_dir)
        _forget_oldest(cache_dir)
        _add_flags(
            "TF_XLA_FLAGS",
            f"--tf_xla_persistent_cache_directory={cache_dir}",
            "--tf_xla_persistent_cache_device_types=CPU,XLA_CPU_JIT",
        )
    return True


def programs_folder() -> Path | None:
    """Return the folder that ``configure`` was told; None keeps nothing on disk."""
    return _folders[-1] if _folders else None


_folders: list[Path] = []


def _forget_oldest(folder: Path) -> None:
    """Keep the folder at ``MAX_FILES``; other processes may be doing the same."""
    files = sorted(folder.glob("*.pb"), key=_written, reverse=True)
    for file in files[MAX_FILES:]:
        file.unlink(missing_ok=True)


def _written(file: Path) -> float:
    try:
        return file.stat().st_mtime
    except FileNotFoundError:
        return 0.0


def _add_flags(variable: str, *flags: str) -> None:
    """Append flags to an environment variable, keeping what somebody has set."""
    names = {flag.partition("=")[0] for flag in os.environ.get(variable, "").split()}
    new = [flag for flag in flags if flag.partition("=")[0] not in names]
    os.environ[variable] = " ".join([os.environ.get(variable, ""), *new]).strip()
