"""Keeping what finding works with: the model, trained on what answers now, and the index."""

from pathlib import Path

from core_api.kit.clock import Clock
from core_api.kit.db import Sessions
from knowledge.entries import reading
from knowledge.entries import service as entries
from knowledge.search import pairs
from knowledge.search.finder import MODEL_FOLDER, configure
from knowledge.search.schemas import IndexView
from knowledge.search.text import Analyser
from knowledge.terms import service as terms


def train(sessions: Sessions, folder: Path, interpreter: Path, clock: Clock) -> str:
    """Trains the site's embedding, puts it in force in every process that shares the folder, and names it.

    Raises:
        TrainingFailed: The model in force stays as it was.
    """
    with sessions() as session:
        session.connection(execution_options={"read_only": True})
        words = terms.dictionary(session)
        contents = [live.content for live in reading.live_since(session, 0) if live.content is not None]
    analyser = Analyser(words.synonyms, words.words, folder)
    trained = pairs.train(pairs.of_contents(contents), analyser, folder / MODEL_FOLDER, interpreter)
    reindex(sessions, folder, clock)
    return trained.name


def reindex(sessions: Sessions, folder: Path, clock: Clock) -> IndexView:
    """Builds the index anew and tells every process to do so."""
    with sessions.begin() as session:
        entries.touch_terms(session, clock)
    with sessions() as session:
        session.connection(execution_options={"read_only": True})
        return configure(sessions, folder).view(session)
