"""Programs of the operating system that we need; installed as root on Debian, named otherwise."""

import os
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from tools.progress import StepFailed, run_step

POSTGRESQL_BIN = "/usr/lib/postgresql/*/bin"


@dataclass(frozen=True)
class Program:
    """One program: any of `commands` on PATH (or one of `paths`, patterns under /) shows that it is there."""

    name: str
    packages: tuple[str, ...]
    commands: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()

    def is_present(self) -> bool:
        on_path = any(shutil.which(command) for command in self.commands)
        return on_path or any(any(Path("/").glob(path.lstrip("/"))) for path in self.paths)


ESPEAK = Program("espeak-ng", ("espeak-ng",), ("espeak-ng",))
FFMPEG = Program("ffmpeg", ("ffmpeg",), ("ffmpeg",))
FONTS = Program("Chinese fonts", ("fonts-noto-cjk",), paths=("/usr/share/fonts/**/*CJK*",))
CHROMIUM = Program("Chromium", ("chromium",), ("chromium", "chromium-browser"))
POSTGRESQL = Program("PostgreSQL", ("postgresql",), ("postgres",), (f"{POSTGRESQL_BIN}/postgres",))
MARIADB = Program("MariaDB", ("mariadb-server",), ("mariadbd",), ("/usr/sbin/mariadbd",))
OPENFST = Program("OpenFst's programs", ("libfst-tools",), ("fstcompile",))
REDIS = Program("Redis", ("redis-server",), ("redis-server",))

FOR_RUNNING = (ESPEAK, FFMPEG)
FOR_TESTS = (CHROMIUM, FONTS, OPENFST, POSTGRESQL, MARIADB, REDIS)


def ensure(programs: Iterable[Program], *, optional: bool = False) -> list[str]:
    """Installs missing programs where that is possible.

    Args:
        programs: What is needed.
        optional: Return the names of what stays absent instead of failing.

    Returns:
        Names of the programs that are still absent.

    Raises:
        StepFailed: Something is absent that is not optional; the message names the packages.
    """
    missing = [program for program in programs if not program.is_present()]
    if missing and os.geteuid() == 0 and shutil.which("apt-get"):
        try:
            _install(missing)
        except StepFailed as error:
            if not optional:
                raise
            print(error, flush=True)
    absent = [program for program in missing if not program.is_present()]
    if absent and not optional:
        packages = " ".join(package for program in absent for package in program.packages)
        raise StepFailed(f"Missing: {_names(absent)}. Install them as root: apt-get install {packages}")
    return [program.name for program in absent]


def _install(programs: list[Program]) -> None:
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    packages = [package for program in programs for package in program.packages]
    run_step("Package lists", ["apt-get", "update", "-q"], env=env, meter=_apt_meter)
    command = ["apt-get", "install", "-y", "-q", "--no-install-recommends", *packages]
    run_step(f"System packages: install {_names(programs)}", command, env=env, meter=_apt_meter)


def _names(programs: Iterable[Program]) -> str:
    return ", ".join(program.name for program in programs)


def _apt_meter(line: str) -> str | None:
    return line.strip()[:70] if line.startswith(("Get:", "Unpacking", "Setting up", "Fetched")) else None
