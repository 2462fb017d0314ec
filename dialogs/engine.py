"""The engine port: something that understands words and runs the matching action. Rasa is one."""

from typing import Any, Protocol
from uuid import UUID

import httpx
from pydantic import ValidationError

from dialogs.schemas import Reply, Turn

SEPARATOR = "."


class EngineUnavailable(Exception):
    """The engine did not answer in time or not in order."""


class DialogueEngine(Protocol):
    """Understands a spoken turn, has the action decide it, returns the action's reply."""

    def respond(self, turn: Turn) -> Reply:
        """Raises EngineUnavailable when there is no reply."""
        ...


def sender_of(turn: Turn) -> str:
    """Rasa's name for one turn: a tracker of its own, without personal data; the recogniser's confidence in percent."""
    return SEPARATOR.join((str(turn.conversation_id), str(round(turn.confidence * 100)), turn.turn_id))


def split_sender(sender: str) -> Turn:
    """The turn that a sender names, without its words.

    Raises:
        ValueError: It is not one of ours.
    """
    conversation, percent, turn_id = sender.split(SEPARATOR, 2)
    return Turn(conversation_id=UUID(conversation), turn_id=turn_id, confidence=int(percent) / 100)


class RasaEngine:
    """Rasa over HTTP; its REST channel waits for the whole turn, so the time-out covers the action too."""

    def __init__(self, url: str, timeout_seconds: float = 1.5, token: str | None = None) -> None:
        """Keeps one pooled client; nothing is contacted yet."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._client = httpx.Client(base_url=url.rstrip("/"), timeout=timeout_seconds, headers=headers, trust_env=False)

    def respond(self, turn: Turn) -> Reply:
        """Sends the words with ids only and reads the reply that the action made."""
        body = {"sender": sender_of(turn), "message": turn.text or ""}
        try:
            answer = self._client.post("/webhooks/rest/webhook", json=body)
            answer.raise_for_status()
            return _reply(answer.json())
        except (httpx.HTTPError, ValueError) as error:
            raise EngineUnavailable(type(error).__name__) from error

    def healthy(self) -> bool:
        """Whether Rasa answers; it listens once its model is loaded."""
        try:
            return self._client.get("/webhooks/rest/").status_code == httpx.codes.OK
        except httpx.HTTPError:
            return False

    def close(self) -> None:
        """Closes the connections."""
        self._client.close()


def _reply(messages: Any) -> Reply:  # noqa: ANN401 - JSON from outside
    for message in messages if isinstance(messages, list) else []:
        custom = message.get("custom") if isinstance(message, dict) else None
        if isinstance(custom, dict) and "reply" in custom:
            try:
                return Reply.model_validate(custom["reply"])
            except ValidationError as error:
                raise EngineUnavailable("ValidationError") from error
    raise EngineUnavailable("empty")
