"""The page as a telephone: staff try a script by voice. It dials nobody; a call lives while its page is connected."""

from datetime import datetime
from uuid import UUID

from telephony.calls.rules import BROWSER
from telephony.carriers.ports import CarrierCall, CarrierRefused, CarrierUnknown, Dial


class BrowserCarrier:
    """The `Carrier` port."""

    name = BROWSER
    pace = 1.0
    held_by_us = True

    def place(self, dial: Dial) -> str:
        """A page calls us, never the other way."""
        del dial
        raise CarrierRefused("browser", "not_placed")

    def fetch(self, sid: str) -> CarrierCall | None:
        """Whoever holds the page's socket knows; nobody else does."""
        del sid
        return None

    def find(self, call_id: UUID, number: str, since: datetime) -> CarrierCall | None:
        """As `fetch`."""
        del call_id, number, since
        return None

    def hangup(self, sid: str) -> None:
        """Its socket closes with its session."""

    def transfer(self, sid: str, number: str) -> None:
        """A page is connected to nobody else."""
        del sid, number
        raise CarrierUnknown("browser")
