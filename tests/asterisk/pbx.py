"""Two real Asterisks on loopback: the hospital's, with the files of deploy/asterisk, and the telephone network's."""

import contextlib
import os
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
DEPLOYED = ROOT / "deploy" / "asterisk"
NETWORK = Path(__file__).parent / "network"
PASSWORD = "a-password-of-tests"
START_SECONDS = 60


def binary() -> str:
    """The program: HUIFANG_ASTERISK, or what is on the PATH."""
    found = os.environ.get("HUIFANG_ASTERISK") or shutil.which("asterisk")
    if not found or not Path(found).is_file():
        message = "no Asterisk: put it on the PATH or set HUIFANG_ASTERISK=/path/to/asterisk"
        raise AssertionError(message)
    return found


def _modules() -> Path:
    prefix = Path(binary()).resolve().parents[1]
    places = [
        prefix / "lib/asterisk/modules",
        *prefix.glob("lib/*/asterisk/modules"),
        Path("/usr/lib/asterisk/modules"),
    ]
    return next(place for place in places if place.is_dir())


def free_port(kind: int = socket.SOCK_STREAM) -> int:
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Asterisk:
    """One exchange in a folder of its own."""

    folder: Path
    http_port: int
    sip_port: int
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.http_port}"

    def write(self, files: dict[str, str]) -> None:
        """Lays out its folders; `files` are its configuration."""
        for name in ("etc", "var", "db", "keys", "data", "agi", "spool", "run", "log", "recordings"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        rows: dict[str, str | Path] = {
            "astetcdir": "etc", "astmoddir": _modules(), "astvarlibdir": "var", "astdbdir": "db", "astkeydir": "keys",
            "astdatadir": "data", "astagidir": "agi", "astspooldir": "spool", "astrundir": "run", "astlogdir": "log",
        }  # fmt: skip
        lines = [f"{name} => {self.folder / place}" for name, place in rows.items()]
        conf = "[directories](!)\n" + "\n".join(lines) + "\n[options]\nverbose = 5\n"
        (self.folder / "etc" / "asterisk.conf").write_text(conf.replace("[directories](!)", "[directories]"))
        logger = "[general]\n[logfiles]\nfull => notice,warning,error,verbose\n"
        for name, text in ({"modules.conf": "[modules]\nautoload = yes\n", "logger.conf": logger} | files).items():
            (self.folder / "etc" / name).write_text(text)

    def start(self) -> None:
        command = [binary(), "-C", str(self.folder / "etc" / "asterisk.conf"), "-f", "-n", "-p"]
        with (self.folder / "out.log").open("ab") as out:
            self.process = subprocess.Popen(
                [one for one in command if one != "-p"], stdout=out, stderr=out, stdin=subprocess.DEVNULL
            )
        until = time.monotonic() + START_SECONDS
        while "Running" not in self.ask("core waitfullybooted", "Running"):
            if self.process.poll() is not None or time.monotonic() > until:
                raise AssertionError((self.folder / "out.log").read_text("utf-8", "replace")[-2000:])
            time.sleep(0.3)

    def ask(self, command: str, success: str = "") -> str:
        """What its console answers; `success` if it is fully booted and that was asked."""
        done = subprocess.run(
            [binary(), "-C", str(self.folder / "etc" / "asterisk.conf"), "-rx", command],
            capture_output=True, timeout=30, check=False,
        )  # fmt: skip
        text = done.stdout.decode("utf-8", "replace")
        return f"{text} {success}" if success and "fully booted" in text else text

    def kill(self) -> None:
        """As a power cut would."""
        if self.process is not None:
            self.process.kill()
            self.process.wait(20)

    def log(self) -> str:
        path = self.folder / "log" / "full"
        return path.read_text("utf-8", "replace") if path.is_file() else ""


def _deployed(http_port: int, sip_port: int, network_port: int, rtp: int) -> dict[str, str]:
    """The files as an administrator would fill them in."""
    files = {path.name: path.read_text("utf-8") for path in DEPLOYED.glob("*.conf")}
    files["http.conf"] = files["http.conf"].replace("8088", str(http_port))
    files["ari.conf"] = files["ari.conf"].replace("CHANGE-ME", PASSWORD)
    pjsip = files["pjsip.conf"].replace("0.0.0.0:5060", f"127.0.0.1:{sip_port}")
    pjsip = pjsip.replace("sip:192.0.2.10:5060", f"sip:127.0.0.1:{network_port}").replace("192.0.2.10", "127.0.0.1")
    # The nurse's telephone is a number of the network's, so that what it hears can be measured.
    files["pjsip.conf"] = pjsip.replace("max_contacts = 1", f"contact = sip:8001@127.0.0.1:{network_port}")
    files["rtp.conf"] = _rtp(rtp)
    return files


def _rtp(first: int) -> str:
    return f"[general]\nrtpstart = {first}\nrtpend = {first + 98}\n"


@contextlib.contextmanager
def exchanges(
    folder: Path, deployed: dict[str, str] | None = None, trunk: dict[str, str] | None = None
) -> Iterator[tuple[Asterisk, Asterisk]]:
    """The hospital's and the network's, running; texts are replaced in the first's dialplan, the second's trunk."""
    hospital = Asterisk(folder / "hospital", free_port(), free_port(socket.SOCK_DGRAM))
    network = Asterisk(folder / "network", free_port(), free_port(socket.SOCK_DGRAM))
    files = _deployed(hospital.http_port, hospital.sip_port, network.sip_port, 41000)
    for old, new in (deployed or {}).items():
        assert old in files["extensions.conf"]
        files["extensions.conf"] = files["extensions.conf"].replace(old, new)
    hospital.write(files)
    theirs = {path.name: path.read_text("utf-8") for path in NETWORK.glob("*.conf")}
    for old, new in (trunk or {}).items():
        assert old in theirs["pjsip.conf"]
        theirs["pjsip.conf"] = theirs["pjsip.conf"].replace(old, new)
    values = {"SIP": network.sip_port, "HOSPITAL": hospital.sip_port, "FOLDER": network.folder / "recordings"}
    filled = {name: re.sub(r"@(\w+)@", lambda found: str(values[found[1]]), text) for name, text in theirs.items()}
    network.write(filled | {"rtp.conf": _rtp(42000)})
    try:
        network.start()
        hospital.start()
        yield hospital, network
    finally:
        hospital.kill()
        network.kill()
