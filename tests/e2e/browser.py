"""The browser of tests, benchmarks and the picture: found, or installed when run as a script."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import Browser, Playwright, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
# Chromium refuses its sandbox to root, and containers give /dev/shm too little room.
ARGUMENTS = ["--no-sandbox", "--disable-dev-shm-usage"]


def on_path() -> str | None:
    """Path of the first Chromium or Chrome on the PATH, or None."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


def launch(playwright: Playwright) -> Browser:
    """Start a headless browser: the one on the PATH, else Playwright's own."""
    return playwright.chromium.launch(executable_path=on_path(), args=ARGUMENTS)


def _debian_as_root() -> bool:
    return os.name == "posix" and os.geteuid() == 0 and Path("/etc/debian_version").exists()


def _from_debian() -> bool:
    """Install Debian's chromium; False where apt has none (Ubuntu ships it as a snap)."""
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    commands = (
        ["apt-get", "update", "-qq"],
        [
            "apt-get",
            "install",
            "-y",
            "-qq",
            "--no-install-recommends",
            "chromium",
            "fonts-dejavu-core",
        ],
    )
    done = all(
        subprocess.run(command, env=environment, stdout=subprocess.DEVNULL).returncode == 0
        for command in commands
    )
    return done and on_path() is not None


def _from_playwright() -> bool:
    """Download Playwright's own build, and as root the system libraries that it needs."""
    command = [sys.executable, "-m", "playwright", "install", "chromium"]
    if _debian_as_root():
        command.insert(-1, "--with-deps")
    return subprocess.run(command).returncode == 0


def _starts() -> bool:
    with sync_playwright() as playwright:
        try:
            launch(playwright).close()
        except Exception as error:
            print(f"The browser does not start: {error}", file=sys.stderr)
            return False
    return True


def _playwright_has_one() -> bool:
    with sync_playwright() as playwright:
        return Path(playwright.chromium.executable_path).exists()


def install() -> bool:
    """Make sure that a browser starts; returns whether one does."""
    if on_path() is None and not _playwright_has_one():
        print("No Chromium or Chrome on the PATH: installing one for the tests")
        if not (_debian_as_root() and _from_debian()):
            _from_playwright()
    return _starts()


if __name__ == "__main__":
    sys.exit(not install())
