"""The web pages: packages from the lock file, and a build that is made anew only when their sources change."""

from collections.abc import Iterator
from pathlib import Path

from tools.locations import ROOT, hash_of_files, only_one, require_program
from tools.progress import run_step

PAGES = ROOT / "admin_web"
NOT_SOURCES = {"node_modules", "dist", "coverage", "test-results"}
NODE_REMEDY = "Install Node 20 or later (Debian: apt-get install nodejs npm)."


def ensure_packages() -> None:
    """Runs `npm ci` unless node_modules was made from this very lock file."""
    stamp = PAGES / "node_modules" / ".huifang-stamp"
    wanted = hash_of_files([PAGES / "package-lock.json"])
    if stamp.exists() and stamp.read_text() == wanted:
        return
    npm = require_program("npm", NODE_REMEDY)
    with only_one("npm"):
        run_step("Web pages: fetch packages", [npm, "ci", "--no-audit", "--no-fund"], cwd=PAGES)
    stamp.write_text(wanted)


def ensure_build() -> None:
    """Builds `admin_web/dist` unless it was built from these very sources."""
    stamp = PAGES / "dist" / ".huifang-stamp"
    wanted = hash_of_files(_sources())
    if stamp.exists() and stamp.read_text() == wanted:
        return
    ensure_packages()
    run_step("Web pages: build", [require_program("npm", NODE_REMEDY), "run", "build"], cwd=PAGES)
    stamp.write_text(wanted)


def _sources() -> Iterator[Path]:
    for path in PAGES.rglob("*"):
        if path.is_file() and not NOT_SOURCES & set(path.relative_to(PAGES).parts):
            yield path
