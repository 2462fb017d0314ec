"""What this package's tests share."""

from pathlib import Path
from zoneinfo import ZoneInfo

from core_api.kit.clock import Clock
from core_api.kit.crypto import Keyring
from core_api.kit.db import Sessions
from core_api.kit.web import Runtime


def runtime_of(sessions: Sessions, clock: Clock, data_dir: Path = Path("/nonexistent")) -> Runtime:
    with sessions() as session:
        keyring: Keyring = session.info["keyring"]
    return Runtime(sessions, clock, ZoneInfo("Asia/Shanghai"), keyring, data_dir)
