"""What the knowledge base answers."""

from pydantic import BaseModel, ConfigDict


class Answer(BaseModel):
    """A curated answer; `score` is 0..1."""

    model_config = ConfigDict(frozen=True)

    text_voice: str
    text_chat: str
    entry_key: str
    score: float


class Entry(BaseModel):
    """A curated entry: the ways a question is asked, and its answer."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    key: str
    questions: tuple[str, ...]
    voice: str
    chat: str = ""
