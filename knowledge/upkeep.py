"""Keeping what finding works with: the model, trained on what answers now, the weights chosen for it, the index."""

import hashlib
from pathlib import Path

from core_api.kit.clock import Clock
from core_api.kit.db import Sessions
from core_api.kit.errors import Invalid
from knowledge.entries import reading
from knowledge.entries import service as entries
from knowledge.evaluation import calibrating
from knowledge.evaluation import service as evaluation
from knowledge.evaluation.schemas import Calibration
from knowledge.search import pairs
from knowledge.search.finder import MODEL_FOLDER, MakeEncoder, configure, finder_of, static_encoder
from knowledge.search.schemas import IndexView
from knowledge.search.text import Analyser
from knowledge.starter import service as starter
from knowledge.terms import service as terms

TUNING_FILE = "tuning.json"
CALIBRATED_FROM = 100
"""With fewer gold questions the weights that ship are surer than weights of one's own."""


def train(
    sessions: Sessions, folder: Path, clock: Clock, encoder: MakeEncoder = static_encoder
) -> tuple[str, tuple[Calibration, ...]]:
    """Trains the site's embedding and chooses its weights; both hold in every process that shares the folder.

    Returns:
        The model's name and the weights' figures; none where there are too few gold questions.

    Raises:
        TrainingFailed: The model in force stays as it was.
    """
    with sessions() as session:
        session.connection(execution_options={"read_only": True})
        words = terms.dictionary(session)
        contents = [live.content for live in reading.live_since(session, 0) if live.content is not None]
        enough = len(evaluation.all_gold(session)) >= CALIBRATED_FROM
    analyser = Analyser(words.synonyms, words.words, folder, words.foreign)
    trained = pairs.train(pairs.of_contents(contents), analyser, folder / MODEL_FOLDER, "site")
    reindex(sessions, folder, clock, encoder)
    return trained.name, calibrate(sessions, folder, clock, encoder) if enough else ()


def calibrate(
    sessions: Sessions, folder: Path, clock: Clock, encoder: MakeEncoder = static_encoder
) -> tuple[Calibration, ...]:
    """Chooses weights and thresholds on the database's gold questions and puts them in force in every process.

    Raises:
        Invalid: There are too few gold questions.
    """
    configure(sessions, folder, encoder)
    with sessions() as session:
        session.connection(execution_options={"read_only": True})
        questions = evaluation.all_gold(session)
        if len(questions) < CALIBRATED_FROM:
            raise Invalid(f"标准问题不足 {CALIBRATED_FROM} 个，不能标定", code="too_few_gold")
        found, _ = finder_of(session).current(session)
    tuning, figures = calibrating.chosen(found, questions, clock)
    with sessions.begin() as session:
        entries.set_tuning(session, tuning.model_dump(mode="json"), clock)
    return figures


def ship(sessions: Sessions, folder: Path, clock: Clock) -> tuple[Calibration, ...]:
    """Makes the model and weights that ship, from the starter library in a database of its own, and writes them."""
    with sessions() as session:
        session.connection(execution_options={"read_only": True})
        words = terms.dictionary(session)
        lives = list(reading.live_since(session, 0))
        questions = evaluation.all_gold(session)
    analyser = Analyser(words.synonyms, words.words, foreign=words.foreign)
    contents = [live.content for live in lives if live.content is not None]
    encoder = pairs.train(pairs.of_contents(contents), analyser, folder, library_digest())
    found = calibrating.build(lives, analyser, encoder)
    tuning, figures = calibrating.chosen(found, questions, clock)
    (folder / TUNING_FILE).write_text(tuning.model_dump_json(indent=1) + "\n", "utf-8")
    return figures


def library_digest() -> str:
    """Which starter library this is; the model that ships says which one it was made from."""
    digest = hashlib.sha256()
    for key, content in starter.contents():
        digest.update(f"{key}\0{content.model_dump_json()}\n".encode())
    return digest.hexdigest()


def reindex(sessions: Sessions, folder: Path, clock: Clock, encoder: MakeEncoder = static_encoder) -> IndexView:
    """Builds the index anew and tells every process to do so."""
    with sessions.begin() as session:
        entries.touch_terms(session, clock)
    with sessions() as session:
        session.connection(execution_options={"read_only": True})
        return configure(sessions, folder, encoder).view(session)
