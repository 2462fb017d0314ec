"""The process's index, kept as new as the database.

Its version is read with every question, what changed is applied, and the index is swapped whole. One finder per
database and process.
"""

import logging
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from uuid import UUID
from weakref import WeakKeyDictionary

from pydantic import ValidationError
from sqlalchemy import Connection, Engine
from sqlalchemy.orm import Session

from core_api.kit.clock import Clock
from core_api.kit.db import Sessions
from knowledge.entries import reading
from knowledge.entries.schemas import RevisionView, State
from knowledge.search import files, index, rules
from knowledge.search.dense import MODEL_FILE, Encoder, EncoderUnavailable, StaticEncoder
from knowledge.search.index import Index
from knowledge.search.judging import fits
from knowledge.search.rules import Method
from knowledge.search.schemas import Hit, IndexView, Tuning
from knowledge.search.served import ServedEncoder
from knowledge.search.text import Analyser
from knowledge.terms import service as terms

log = logging.getLogger(__name__)
DELTA_MAX = 2_000
BUILD_AT_ONCE_UP_TO = 20_000
"""A smaller index is built anew while the question waits (a second or two), a larger one beside it."""
MODEL_FOLDER = "model"
REVISIONS_KEPT = 2_000
SHIPPED = Path(__file__).parents[1] / "shipped"
MakeEncoder = Callable[[Path | None], Encoder | None]


def static_encoder(folder: Path | None) -> Encoder | None:
    """The trained model of this site, or the one that ships; None without a folder."""
    if folder is None:
        return None
    try:
        if (folder / MODEL_FOLDER / MODEL_FILE).exists():
            return StaticEncoder.load(folder / MODEL_FOLDER)
    except EncoderUnavailable:
        log.warning("knowledge model is damaged; the one that ships is used")
    try:
        return StaticEncoder.load(SHIPPED)
    except EncoderUnavailable:
        log.warning("knowledge model that ships is damaged; finding by words alone")
        return None


def served_encoder(model: Path, interpreter: Path) -> MakeEncoder:
    """The model that the site names; where it cannot be had, what there is without it."""
    kept: list[Encoder] = []

    def make(folder: Path | None) -> Encoder | None:
        try:
            if not kept:
                kept.append(ServedEncoder(model, interpreter))
            return kept[0]
        except EncoderUnavailable:
            log.warning("the knowledge model that is set cannot be had; the static one is used")
            return static_encoder(folder)

    return make


class Finder:
    """Answers from an immutable index that it replaces when the database has moved on."""

    def __init__(self, engine: Engine, folder: Path | None = None, encoder: MakeEncoder = static_encoder) -> None:
        """`folder` keeps the index and the model; without one everything is built in memory."""
        self._engine = engine
        self._folder = folder
        self._make_encoder = encoder
        self._index: Index | None = None
        self._lock = threading.Lock()
        self._building: threading.Thread | None = None
        self._terms_seen: int | None = None
        self._filling: tuple[int, Mapping[str, str]] | None = None
        self._published: OrderedDict[UUID, RevisionView] = OrderedDict()
        self._keeping = threading.Lock()

    def search(
        self,
        session: Session,
        text: str,
        clock: Clock,
        limit: int = 10,
        *,
        audience: Sequence[str] = (),
        method: Method = "fused",
    ) -> list[Hit]:
        """The entries nearest to a question as the database stands now."""
        found, tuning = self.current(session)
        return found.search(text, tuning, clock.now(), limit, audience=audience, method=method)

    def current(self, session: Session) -> tuple[Index, Tuning]:
        """The index as the session's database stands now, and the thresholds in force."""
        state = reading.state(session)
        tuning = _tuning(state.tuning)
        self._terms_seen = state.terms_version
        found = self._index
        if found is not None and _is_current(found, state):
            return found, tuning
        with self._lock:
            self._index = found = self._renewed(session, self._index, state)
        return found, tuning

    def filling(self, session: Session) -> Mapping[str, str]:
        """What fills the placeholders of answers; read again when the site's words changed."""
        seen, kept = self._terms_seen, self._filling
        if kept is not None and kept[0] == seen:
            return kept[1]
        fresh = terms.placeholders(session)
        if seen is not None:
            self._filling = (seen, fresh)
        return fresh

    def revision(self, session: Session, revision_id: UUID) -> RevisionView | None:
        """A revision; of those that are published, whose content never changes, the last ones asked for are kept."""
        kept = self._published.get(revision_id)
        if kept is not None:
            return kept
        found = reading.revision_by_id(session, revision_id)
        if found is not None and found.status == "published":
            with self._keeping:
                self._published[revision_id] = found
                if len(self._published) > REVISIONS_KEPT:
                    self._published.popitem(last=False)
        return found

    def view(self, session: Session) -> IndexView:
        """How large the index is."""
        return self.current(session)[0].view()

    def warm_up(self, sessions: Sessions) -> None:
        """Loads or builds the index, so that the first question does not wait for it."""
        with sessions() as session:
            session.connection(execution_options={"read_only": True})
            self.current(session)

    def forget(self) -> None:
        """Lets the index be built anew at the next question."""
        with self._lock:
            self._index = None

    def _renewed(self, session: Session, old: Index | None, state: State) -> Index:
        if old is None:
            return self._first(session, state)
        if _is_current(old, state):
            return old
        if old.terms_version != state.terms_version:
            if len(old.base.texts) <= BUILD_AT_ONCE_UP_TO:
                return self._built(session, state)
            self._build_beside()
        changed = old.with_changes(state.version, reading.live_since(session, old.version))
        if len(changed.changed) > DELTA_MAX:
            self._build_beside()
        return changed

    def _first(self, session: Session, state: State) -> Index:
        """From the file if it is sound, with what changed since; else from the database."""
        analyser, encoder = self._reader(session)
        kept = files.load(self._folder, _fingerprint(state, encoder)) if self._folder else None
        if kept is None or kept[0] > state.version:
            return self._built(session, state)
        version, segment, weights = kept
        found = index.of_segment(segment, weights, analyser, encoder, (version, state.terms_version))
        _warm(found)
        return (
            found
            if version == state.version
            else found.with_changes(state.version, reading.live_since(session, version))
        )

    def _built(self, session: Session, state: State) -> Index:
        analyser, encoder = self._reader(session)
        lives = list(reading.live_since(session, 0))
        try:
            found = index.build(lives, analyser, encoder, state.version, state.terms_version)
        except EncoderUnavailable:
            log.warning("knowledge index was built by words alone: the model's process does not answer")
            encoder = None
            found = index.build(lives, analyser, None, state.version, state.terms_version)
        _warm(found)
        if self._folder is not None:
            files.save(self._folder, state.version, _fingerprint(state, encoder), found.base, dict(found.weights))
        return found

    def _build_beside(self) -> None:
        """Builds a new index in a thread of its own, while the old one answers."""
        if self._building is not None and self._building.is_alive():
            return
        self._building = threading.Thread(target=self._build_and_swap, name="knowledge-index", daemon=True)
        self._building.start()

    def _build_and_swap(self) -> None:
        try:
            with Session(self._engine) as session:
                session.connection(execution_options={"read_only": True})
                built = self._built(session, reading.state(session))
        except Exception:
            log.exception("knowledge index could not be built; the old one answers on")
            return
        with self._lock:
            self._index = built

    def _reader(self, session: Session) -> tuple[Analyser, Encoder | None]:
        words = terms.dictionary(session)
        return Analyser(words.synonyms, words.words, self._folder, words.foreign), self._make_encoder(self._folder)


_finders: WeakKeyDictionary[Engine, Finder] = WeakKeyDictionary()
_finders_lock = threading.Lock()


def finder_of(session: Session) -> Finder:
    """The finder of a session's database in this process."""
    bind = session.get_bind()
    engine = bind.engine if isinstance(bind, Connection) else bind
    with _finders_lock:
        if engine not in _finders:
            _finders[engine] = Finder(engine)
        return _finders[engine]


def configure(sessions: Sessions, folder: Path, encoder: MakeEncoder = static_encoder) -> Finder:
    """Gives the database's finder a folder for its index and model; called once, where the process is composed."""
    with sessions() as session:
        bind = session.get_bind()
    engine = bind.engine if isinstance(bind, Connection) else bind
    with _finders_lock:
        _finders[engine] = Finder(engine, folder, encoder)
        return _finders[engine]


def _tuning(kept: Mapping[str, object] | None) -> Tuning:
    """The site's own, if it fits what this version works by; else what ships."""
    if not kept:
        return rules.shipped()
    try:
        found = Tuning.model_validate(kept)
    except ValidationError:
        found = None
    if found is None or not (fits(found.with_model) and fits(found.by_words)):
        log.warning("knowledge tuning is of another version; what ships is used")
        return rules.shipped()
    return found


def _is_current(found: Index, state: State) -> bool:
    return found.version == state.version and found.terms_version == state.terms_version


def _fingerprint(state: State, encoder: Encoder | None) -> str:
    return f"{state.terms_version}:{encoder.name if encoder else ''}"


def _warm(found: Index) -> None:
    if found.base.vectors is not None:
        found.base.vectors.warm_up()
