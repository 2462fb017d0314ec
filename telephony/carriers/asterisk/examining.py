"""Looks at an exchange from outside: whether it answers, and has what calls need."""

from dataclasses import dataclass
from typing import Literal

from telephony.carriers.asterisk.account import AsteriskAccount
from telephony.carriers.asterisk.ari import (
    FORBIDDEN,
    NOT_FOUND,
    UNAUTHORIZED,
    Ari,
    AriError,
    AriRefused,
    AriUnreachable,
)

RUNNING = "Running"
NEEDED = (
    "res_ari_applications.so",
    "res_ari_asterisk.so",
    "res_ari_bridges.so",
    "res_ari_channels.so",
    "res_ari_events.so",
    "app_stasis.so",
    "bridge_simple.so",
    "bridge_softmix.so",
    "pbx_config.so",
)
MEDIA = {"websocket": ("chan_websocket.so",), "audiosocket": ("chan_audiosocket.so", "res_audiosocket.so")}
Fault = Literal["unreachable", "refused", "absent", "other"]


@dataclass(frozen=True)
class ExchangeState:
    """What was found.

    Attributes:
        missing: Modules that are not running.
        listened: One of our web processes listens to its events.
    """

    fault: Fault | None = None
    version: str = ""
    missing: tuple[str, ...] = ()
    listened: bool = False


def examine(account: AsteriskAccount) -> ExchangeState:
    """Asks the exchange for its version, modules and applications; blocking, changes nothing."""
    ari = Ari(account)
    try:
        version, modules, apps = ari.version(), ari.modules(), ari.apps()
    except AriUnreachable:
        return ExchangeState(fault="unreachable")
    except AriRefused as refused:
        return ExchangeState(fault=_fault(refused.status))
    except AriError:
        return ExchangeState(fault="other")
    finally:
        ari.close()
    needed = (*NEEDED, *MEDIA[account.transport])
    missing = tuple(name for name in needed if modules.get(name) != RUNNING)
    return ExchangeState(None, version, missing, any(name.startswith(f"{account.app}-") for name in apps))


def _fault(status: int) -> Fault:
    if status in {UNAUTHORIZED, FORBIDDEN}:
        return "refused"
    return "absent" if status == NOT_FOUND else "other"
