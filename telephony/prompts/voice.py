"""Says what staff recorded, and has the rest synthesised."""

import logging
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from core_api.kit.db import Sessions
from telephony.audio.pcm import Pcm16
from telephony.prompts import repository
from telephony.prompts.rules import content_key
from telephony.prompts.schemas import PromptVoice
from telephony.prompts.service import read
from telephony.speech.synthesis import Synthesizer, sentences, together

log = logging.getLogger(__name__)


class RecordedVoice:
    """A synthesiser before another.

    Which recordings are in use is asked each time, so that one that is withdrawn is never heard again.

    Args:
        sessions: Where recordings are listed.
        folder: Where their samples lie.
        voice: Which recordings are used; the slow voice never says what was recorded at the usual pace.
        otherwise: Says what nobody recorded.
    """

    def __init__(self, sessions: Sessions, folder: Path, voice: PromptVoice, otherwise: Synthesizer) -> None:
        self._sessions = sessions
        self._folder = folder
        self._voice = voice
        self._otherwise = otherwise

    def say(self, text: str) -> Pcm16:
        """Speech of a text; raises SynthesisFailed where the other voice does."""
        parts = sentences(text)
        recorded = self._recorded(parts)
        if not recorded:
            return self._otherwise.say(text)
        return together([recorded[part] if part in recorded else self._otherwise.say(part) for part in parts])

    def _recorded(self, parts: list[str]) -> dict[str, Pcm16]:
        keys = {content_key(part, self._voice): part for part in parts}
        if not keys:
            return {}
        try:
            with self._sessions() as session:
                session.connection(execution_options={"read_only": True})
                found = repository.active(session, keys)
        except SQLAlchemyError:
            log.warning("recorded prompts could not be looked up")
            return {}
        loaded = {keys[key]: read(self._folder, identity) for key, identity in found.items()}
        return {part: pcm for part, pcm in loaded.items() if pcm is not None}
