"""The web pages: packages from the lock files, and builds that are made anew only when their sources change."""

import os
from collections.abc import Iterator
from pathlib import Path

from tools.locations import ROOT, hash_of_files, only_one, require_program
from tools.progress import run_step

PAGES = {"admin_web": "Staff pages", "patient_web": "Patient pages"}
NOT_SOURCES = {"node_modules", "dist", "coverage", "test-results"}
NODE_REMEDY = "Install Node 20 or later (Debian: apt-get install nodejs npm)."


def ensure_packages() -> None:
    """Runs `npm ci` where node_modules was not made from this very lock file."""
    for name in PAGES:
        _ensure_packages(name)


def ensure_build() -> None:
    """Builds each `dist` that was not built from these very sources."""
    for name in PAGES:
        _ensure_build(name)


def _ensure_packages(name: str) -> None:
    stamp = ROOT / name / "node_modules" / ".huifang-stamp"
    wanted = hash_of_files([ROOT / name / "package-lock.json"])
    if stamp.exists() and stamp.read_text() == wanted:
        return
    npm = require_program("npm", NODE_REMEDY)
    with only_one("npm"):
        run_step(f"{PAGES[name]}: fetch packages", [npm, "ci", "--no-audit", "--no-fund"], cwd=ROOT / name)
    stamp.write_text(wanted)


def _ensure_build(name: str) -> None:
    stamp = ROOT / name / "dist" / ".huifang-stamp"
    wanted = hash_of_files(_sources(ROOT / name))
    if stamp.exists() and stamp.read_text() == wanted:
        return
    _ensure_packages(name)
    run_step(f"{PAGES[name]}: build", [require_program("npm", NODE_REMEDY), "run", "build"], cwd=ROOT / name)
    stamp.write_text(wanted)


def _sources(pages: Path) -> Iterator[Path]:
    """Every file but those of folders that are made; these, with tens of thousands of files, are not walked."""
    for folder, folders, files in os.walk(pages):
        folders[:] = [name for name in folders if name not in NOT_SOURCES]
        yield from (Path(folder) / name for name in files)
