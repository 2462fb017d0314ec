"""The door to the knowledge base."""

from core_api.kit.clock import Clock
from core_api.kit.outbox import Handler
from knowledge.asked import bank
from knowledge.asked.endpoints import router as _asked_router
from knowledge.asked.given import recipients
from knowledge.asked.schemas import Answer, Choice, Finding, Question, Recipients
from knowledge.asked.schemas import AskedIn as Asked
from knowledge.asked.service import answer, ask, choose, frequent, note_unanswered, rate, suggest
from knowledge.candidates.endpoints import router as _candidates_router
from knowledge.candidates.schemas import CandidateIn
from knowledge.candidates.service import collect, propose
from knowledge.entries.endpoints import router as _entries_router
from knowledge.entries.service import warn_expiring
from knowledge.evaluation.endpoints import router as _evaluation_router
from knowledge.evaluation.files import evaluate
from knowledge.evaluation.schemas import Calibration
from knowledge.exchange.endpoints import router as _exchange_router
from knowledge.publishing.endpoints import router as _publishing_router
from knowledge.search.finder import MakeEncoder, configure, served_encoder, static_encoder
from knowledge.starter.service import load_library
from knowledge.terms.endpoints import router as _terms_router
from knowledge.upkeep import calibrate, library_digest, reindex, ship, train

routers = (
    _publishing_router,
    _entries_router,
    _asked_router,
    _candidates_router,
    _evaluation_router,
    _terms_router,
    _exchange_router,
)

__all__ = [
    "Answer",
    "Asked",
    "Calibration",
    "CandidateIn",
    "Choice",
    "Finding",
    "MakeEncoder",
    "Question",
    "Recipients",
    "answer",
    "ask",
    "calibrate",
    "choose",
    "collect",
    "configure",
    "evaluate",
    "frequent",
    "handlers",
    "library_digest",
    "load_library",
    "note_unanswered",
    "propose",
    "rate",
    "recipients",
    "reindex",
    "routers",
    "served_encoder",
    "ship",
    "static_encoder",
    "suggest",
    "train",
    "warn_expiring",
]


def handlers(clock: Clock) -> dict[str, tuple[Handler, ...]]:
    """Outbox handlers by event name."""
    return {"knowledge.unanswered": (bank.grouping(clock),), "knowledge.published": (bank.on_published,)}
