"""PostgreSQL, MariaDB and Redis of a test run's own: on loopback, in a temporary directory, gone at its end."""

import contextlib
import functools
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Collection, Iterator
from pathlib import Path

from tools.progress import say

START_SECONDS = 40.0
STOP_SECONDS = 15.0

URL_VARIABLES = {
    "PostgreSQL": "HUIFANG_TEST_POSTGRESQL_URL",
    "MariaDB": "HUIFANG_TEST_MARIADB_URL",
    "Redis": "HUIFANG_TEST_REDIS_URL",
}


def start_all(
    stack: contextlib.ExitStack, wanted: Collection[str] = tuple(URL_VARIABLES), *, durable: bool = False
) -> tuple[dict[str, str], list[str]]:
    """Starts what is installed.

    Args:
        stack: Ends the services when it closes.
        wanted: Names of services.
        durable: PostgreSQL writes through to the disk, as in service; tests need not wait for that.

    Returns:
        Environment variables with the URLs, and the names of the services that are absent.
    """
    found: dict[str, str] = {}
    absent: list[str] = []
    starters: dict[str, Callable[[Path, int], contextlib.AbstractContextManager[str]]] = {
        "PostgreSQL": functools.partial(_postgresql, durable=durable),
        "MariaDB": _mariadb,
        "Redis": _redis,
    }
    folder = Path(stack.enter_context(_temporary_folder()))
    for name in wanted:
        given = os.environ.get(URL_VARIABLES[name])
        try:
            url = given or stack.enter_context(starters[name](folder / name.lower(), _free_port()))
        except (OSError, RuntimeError, subprocess.CalledProcessError) as error:
            say(f"  {name}: not started ({error})")
            absent.append(name)
            continue
        found[URL_VARIABLES[name]] = url
    return found, absent


@contextlib.contextmanager
def _temporary_folder() -> Iterator[str]:
    folder = tempfile.mkdtemp(prefix="huifang-services-")
    Path(folder).chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def _postgresql(folder: Path, port: int, *, durable: bool = False) -> Iterator[str]:
    bin_dir = _postgresql_bin()
    user = _own(folder, "postgres")
    initdb = [bin_dir / "initdb", "-D", folder, "-U", "huifang", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8"]
    subprocess.run([str(part) for part in [*initdb, "--no-sync"]], check=True, capture_output=True, user=user, cwd="/")
    settings = [f"unix_socket_directories={folder}", f"fsync={'on' if durable else 'off'}", "max_connections=200"]
    command = [str(bin_dir / "postgres"), "-D", str(folder), "-p", str(port), "-h", "127.0.0.1"]
    for setting in settings:
        command += ["-c", setting]
    with _serving("PostgreSQL", command, port, user):
        yield f"postgresql+psycopg://huifang@127.0.0.1:{port}/postgres"


def _postgresql_bin() -> Path:
    on_path = shutil.which("postgres")
    if on_path:
        return Path(on_path).parent
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
    if not found:
        raise RuntimeError("postgres is not installed")
    return found[-1].parent


@contextlib.contextmanager
def _mariadb(folder: Path, port: int) -> Iterator[str]:
    server = shutil.which("mariadbd") or "/usr/sbin/mariadbd"
    user = _own(folder, "mysql")
    install = ["mariadb-install-db", "--no-defaults", f"--datadir={folder}", "--skip-test-db"]
    install += ["--auth-root-authentication-method=normal"]
    subprocess.run(install, check=True, capture_output=True, user=user, cwd="/")
    command = [server, "--no-defaults", f"--datadir={folder}", f"--port={port}", "--bind-address=127.0.0.1"]
    command += [f"--socket={folder}/s.sock", f"--pid-file={folder}/pid", "--character-set-server=utf8mb4"]
    command += ["--innodb-flush-log-at-trx-commit=0", "--max-connections=200"]
    with _serving("MariaDB", command, port, user):
        _create_mariadb_user(folder / "s.sock")
        yield f"mysql+pymysql://huifang:huifang@127.0.0.1:{port}/huifang?charset=utf8mb4"


def _create_mariadb_user(sock: Path) -> None:
    sql = (
        "CREATE DATABASE huifang CHARACTER SET utf8mb4;"
        "CREATE USER 'huifang'@'127.0.0.1' IDENTIFIED BY 'huifang';"
        "CREATE USER 'huifang'@'localhost' IDENTIFIED BY 'huifang';"
        "GRANT ALL ON *.* TO 'huifang'@'127.0.0.1'; GRANT ALL ON *.* TO 'huifang'@'localhost';"
    )
    client = ["mariadb", "--no-defaults", f"--socket={sock}", "-u", "root", "-e", sql]
    subprocess.run(client, check=True, capture_output=True)


@contextlib.contextmanager
def _redis(folder: Path, port: int) -> Iterator[str]:
    server = shutil.which("redis-server")
    if not server:
        raise RuntimeError("redis-server is not installed")
    folder.mkdir()
    command = [server, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)]
    with _serving("Redis", command, port, None):
        yield f"redis://127.0.0.1:{port}/0"


@contextlib.contextmanager
def _serving(name: str, command: list[str], port: int, user: int | None) -> Iterator[None]:
    with subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, user=user, cwd="/", start_new_session=True
    ) as process:
        try:
            _wait(name, port, process)
            yield
        finally:
            process.terminate()
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()


def _wait(name: str, port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"{name} ended with code {process.returncode}")
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.1)
    raise RuntimeError(f"{name} did not answer within {START_SECONDS:.0f} s")


def _own(folder: Path, user: str) -> int | None:
    """Gives the folder to the service's system user when we are root, who may not run it."""
    folder.mkdir()
    if os.geteuid() != 0:
        return None
    uid = pwd.getpwnam(user).pw_uid
    os.chown(folder, uid, -1)
    return uid


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
