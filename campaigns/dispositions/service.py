"""Reading and seeding dispositions."""

from functools import lru_cache
from importlib.resources import files
from types import MappingProxyType

from sqlalchemy import select
from sqlalchemy.orm import Session

from campaigns.dispositions.models import Disposition
from campaigns.dispositions.schemas import DispositionView
from core_api.kit.yaml_text import load_yaml

UNKNOWN = "unknown"


@lru_cache(maxsize=1)
def library() -> MappingProxyType[str, DispositionView]:
    """The dispositions that ship, by key, in their order."""
    text = (files("campaigns") / "library" / "dispositions.yaml").read_text(encoding="utf-8")
    rows = load_yaml(text)
    views = (DispositionView(position=position, **row) for position, row in enumerate(rows, start=1))
    return MappingProxyType({view.key: view for view in views})


def load_library(session: Session) -> int:
    """Adds the rows that are missing; rows that a hospital changed stay.

    Returns:
        Rows added.
    """
    present = set(session.scalars(select(Disposition.key)))
    missing = [view for key, view in library().items() if key not in present]
    session.add_all(Disposition(**view.model_dump()) for view in missing)
    session.flush()
    return len(missing)


def get(session: Session, key: str | None) -> DispositionView:
    """One disposition; a key that nobody knows reads as "unknown", so that no outcome is lost."""
    key = key or UNKNOWN
    row = session.get(Disposition, key)
    if row is not None:
        return DispositionView.model_validate(row)
    known = library()
    if key in known:
        return known[key]
    return get(session, UNKNOWN)


def labels(session: Session) -> dict[str, str]:
    """Chinese labels by key, in order."""
    rows = session.execute(select(Disposition.key, Disposition.label).order_by(Disposition.position))
    return {key: view.label for key, view in library().items()} | dict(rows.tuples().all())
