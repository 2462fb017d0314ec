"""What a call says as sound: made piece by piece beside the event loop, and ahead of time where it can be guessed."""

import asyncio
import logging
from collections.abc import Sequence

from sqlalchemy.exc import SQLAlchemyError

from core_api.kit.errors import ServiceError
from telephony.calls.schemas import ConversationSpec
from telephony.runtime import TelephonyRuntime
from telephony.session.conversation import Heard
from telephony.session.prompt import Prompt, joined
from telephony.speech.synthesis import SynthesisFailed

log = logging.getLogger(__name__)

FAILURES = (ServiceError, SQLAlchemyError, SynthesisFailed, OSError, TimeoutError)


class Speaker:
    """One call's voice.

    Args:
        runtime: Telephony's runtime.
        spec: Whose conversation it is.
    """

    def __init__(self, runtime: TelephonyRuntime, spec: ConversationSpec) -> None:
        self._runtime = runtime
        self._spec = spec
        self._preparing: set[asyncio.Future[None]] = set()

    async def make(self, pieces: Sequence[str], *, slow: bool) -> Prompt:
        """Pieces as one prompt; raises SynthesisFailed."""
        made: Prompt = await self._runtime.in_thread(self._made, tuple(pieces), slow)
        return made

    def prepare(self, heard: Heard, *, slow: bool) -> None:
        """Has the sound ready of what will probably be said to what was heard; returns at once."""
        preparing = asyncio.ensure_future(self._runtime.in_thread(self._prepared, heard, slow))
        self._preparing.add(preparing)
        preparing.add_done_callback(self._preparing.discard)

    def _made(self, pieces: tuple[str, ...], slow: bool) -> Prompt:
        chosen = self._runtime.slow_synthesizer if slow else None
        voice = chosen or self._runtime.synthesizer
        return joined([voice.say(piece) for piece in pieces], slow=slow)

    def _prepared(self, heard: Heard, slow: bool) -> None:
        try:
            pieces = self._runtime.conversations.likely(self._spec, heard)
            self._made(tuple(piece for piece in pieces if piece.strip()), slow)
        except FAILURES as error:
            log.info("nothing was prepared", extra={"reason": type(error).__name__})
