"""The starter set: sample answers for the hospital to check, put into an empty knowledge base."""

from collections.abc import Iterator
from importlib.resources import files
from importlib.resources.abc import Traversable

from sqlalchemy.orm import Session

from core_api.kit.clock import Clock
from core_api.kit.yaml_text import load_yaml
from knowledge.entries import service as entries
from knowledge.entries.schemas import Content
from knowledge.evaluation import service as evaluation
from knowledge.evaluation.schemas import GoldIn
from knowledge.starter.schemas import GoldFile, LibraryFile, Placeholder, TermsFile
from knowledge.terms import service as terms
from knowledge.terms.schemas import TermIn

AUTHOR = "样例库"
PLACEHOLDERS, TERMS = "placeholders.yaml", "terms.yaml"
HELD_OUT = "held_out.yaml"


def load_library(session: Session, clock: Clock) -> int:
    """Publishes the starter set, marked as samples, with its words, placeholders and gold questions.

    Returns:
        How many entries were made; 0 where there are entries already, of which none is touched.
    """
    if not entries.is_empty(session):
        return 0
    made = entries.seed(session, [(key, content) for key, content in contents()], AUTHOR, clock)
    terms.seed(session, _terms(), AUTHOR, clock)
    evaluation.seed(session, list(gold()), clock)
    return made


def contents() -> Iterator[tuple[str, Content]]:
    """Key and content of every entry that ships."""
    for path in _yaml_files("library"):
        if path.name in {PLACEHOLDERS, TERMS}:
            continue
        file = LibraryFile.model_validate(load_yaml(path.read_text("utf-8")))
        for entry in file.entries:
            yield entry.key, entry.content(file.department)


def gold() -> Iterator[GoldIn]:
    """The gold questions that weights are chosen on; the held-out ones never enter a database."""
    for path in _yaml_files("gold"):
        if path.name == HELD_OUT:
            continue
        file = GoldFile.model_validate(load_yaml(path.read_text("utf-8")))
        yield from (line.gold() for line in file.questions)


def words() -> tuple[dict[str, str], list[str]]:
    """The synonyms that ship, by what is read, and the words kept whole."""
    found = list(_terms())
    synonyms = {other: one.term for one in found if one.kind == "synonym" for other in one.alternatives}
    return synonyms, [one.term for one in found if one.kind == "word"]


def _terms() -> Iterator[TermIn]:
    library = files("knowledge") / "library"
    file = TermsFile.model_validate(load_yaml((library / TERMS).read_text("utf-8")))
    for term, alternatives in file.synonyms.items():
        yield TermIn(kind="synonym", term=term, alternatives=alternatives)
    for word in file.words:
        yield TermIn(kind="word", term=word)
    for one in load_yaml((library / PLACEHOLDERS).read_text("utf-8"))["placeholders"]:
        placeholder = Placeholder.model_validate(one)
        yield TermIn(
            kind="placeholder", term=placeholder.key, alternatives=(placeholder.default,), label=placeholder.label
        )


def _yaml_files(folder: str) -> list[Traversable]:
    root = files("knowledge") / folder
    found = [path for path in root.iterdir() if path.name.endswith(".yaml")] if root.is_dir() else []
    return sorted(found, key=lambda path: path.name)
