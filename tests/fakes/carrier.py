"""The `Carrier` port in memory; kept honest by the contract tests that the real protocol passes too."""

import re
from datetime import datetime
from itertools import count
from uuid import UUID

from core_api.kit.clock import Clock, SystemClock
from telephony.carriers.ports import CarrierCall, CarrierRefused, CarrierUnknown, Dial

E164 = re.compile(r"\+[1-9]\d{7,14}")


class FakeCarrier:
    """Rings for ever; calls end when they are hung up or transferred."""

    name = "fake"
    pace = 1.0
    held_by_us = False

    def __init__(self, clock: Clock | None = None) -> None:
        self._clock = clock or SystemClock()
        self._numbers = count(1)
        self.dials: dict[str, Dial] = {}
        self.transfers: dict[str, str] = {}
        self._placed_at: dict[str, datetime] = {}
        self._over: set[str] = set()
        self.lost = False
        """Answers to `place` do not come back."""

    def place(self, dial: Dial) -> str:
        if not E164.fullmatch(dial.number):
            raise CarrierRefused("21211", "invalid_number")
        sid = f"CA{next(self._numbers):032d}"
        self.dials[sid], self._placed_at[sid] = dial, self._clock.now()
        if self.lost:
            raise CarrierUnknown("ReadTimeout")
        return sid

    def fetch(self, sid: str) -> CarrierCall | None:
        if sid not in self.dials:
            return None
        over = sid in self._over
        return CarrierCall(sid, "ended" if over else "ringing", "completed" if over else "ringing")

    def find(self, call_id: UUID, number: str, since: datetime) -> CarrierCall | None:
        sids = [sid for sid, dial in self.dials.items() if dial.number == number and self._placed_at[sid] >= since]
        return self.fetch(sids[-1]) if sids else None

    def hangup(self, sid: str) -> None:
        self._over.add(sid)

    def transfer(self, sid: str, number: str) -> None:
        if sid in self.dials and sid not in self._over:
            self.transfers[sid] = number
            self._over.add(sid)

    def transferred_to(self, sid: str) -> str | None:
        """For the contract tests."""
        return self.transfers.get(sid)
