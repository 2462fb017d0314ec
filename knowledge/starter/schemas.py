"""The library's files: entries by area, the site's words and placeholders, gold questions."""

from pydantic import BaseModel, ConfigDict, Field

from knowledge.entries.schemas import KEY, AnswerClass, Content, Link
from knowledge.evaluation.schemas import GoldIn, GoldKind


class Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class LibraryEntry(Strict):
    """An entry as a library file holds it."""

    key: str = Field(pattern=KEY)
    question: str
    variants: tuple[str, ...] = ()
    chat: str = Field(min_length=1)
    voice: str = ""
    answer_class: AnswerClass = Field(default="service", alias="class")
    audience: tuple[str, ...] = ()
    department: str = ""
    tags: tuple[str, ...] = ()
    links: tuple[Link, ...] = ()

    def content(self, department: str) -> Content:
        """The same as a revision's content; `department` is the file's."""
        return Content(
            question=self.question,
            variants=self.variants,
            text_chat=self.chat,
            text_voice=self.voice,
            links=self.links,
            department=self.department or department,
            audience=self.audience,
            answer_class=self.answer_class,
        )


class LibraryFile(Strict):
    """One area's entries; `sample` marks all of them as to be checked by the hospital."""

    department: str = ""
    sample: bool = True
    entries: tuple[LibraryEntry, ...]


class Placeholder(Strict):
    """What a hospital fills in once for all answers."""

    key: str = Field(pattern=KEY)
    label: str
    default: str


class TermsFile(Strict):
    synonyms: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    words: tuple[str, ...] = ()


class GoldLine(Strict):
    ask: str
    expect: tuple[str, ...] = ()
    kind: GoldKind = "plain"

    def gold(self) -> GoldIn:
        """The same as the database keeps it."""
        return GoldIn(question=self.ask, expected=self.expect, kind=self.kind)


class GoldFile(Strict):
    questions: tuple[GoldLine, ...]
