"""A call that a person dialled: they speak from the start, and there is no bot that could go on."""

import logging
from collections.abc import Coroutine
from typing import Any

from telephony.calls import ownership
from telephony.session.person import FAILURES, PersonBack, PersonLost, PersonTalk, Sequel

log = logging.getLogger(__name__)


class DialledTalk(PersonTalk):
    """Holds the call from its announcement to its end.

    A person whose connection breaks is waited for; the patient is told so, and when nobody comes, that we call again.
    """

    async def takes_from(self, talk: Coroutine[Any, Any, None]) -> bool:
        """The bot says nothing in this call."""
        talk.close()
        return True

    async def hold(self) -> Sequel:
        """From the announcement that the call is recorded until one side hangs up."""
        self._hands.note("person.dialled", {})
        if self._bridge.floor is None:
            self._lost_at = self._tempo.now()
        await self._announce(self._runtime.settings.dialled_by(self._call.conversation.department))
        return await self._go_through()

    @property
    def _grace_seconds(self) -> float:
        return self._runtime.settings.dialled_grace_seconds

    async def _take(self, item: object | None) -> Sequel | None:
        sequel = await super()._take(item)
        if isinstance(item, PersonLost) and sequel is None:
            self._bridge.closed()
            await self._announce(self._runtime.settings.please_wait_text)
        elif isinstance(item, PersonBack) and sequel is None:
            self._hands.note("person.joined", {})
        self.held = self.held or self._bridge.open
        return sequel

    async def _abandoned(self) -> Sequel:
        """Nobody came back in time: the patient is told that we call again."""
        self._hands.note("person.gone", {})
        try:
            await self._hands.think(self._let_go)
        except FAILURES:
            log.warning("a call could not be let go of", extra={"call_id": self._call.id})
        await self._hands.say_last(self._runtime.settings.call_again_text, "person_gone")
        return "over"

    def _let_go(self) -> None:
        with self._runtime.sessions.begin() as session:
            ownership.release(session, self._call.conversation.conversation_id, "", self._runtime.clock)
