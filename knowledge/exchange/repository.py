"""Queries of imports."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.orm import Session

from knowledge.exchange.models import KnowledgeImport
from knowledge.exchange.schemas import ImportView, Kept


def add(session: Session, run_id: UUID, file_name: str, by_id: UUID, report: Kept, at: datetime) -> None:
    session.add(
        KnowledgeImport(
            id=run_id,
            file_name=file_name,
            at=at,
            by_id=by_id,
            status="previewed",
            report=report.model_dump(mode="json"),
        )
    )
    session.flush()


def view(session: Session, run_id: UUID) -> ImportView | None:
    row = session.get(KnowledgeImport, run_id, populate_existing=True)
    if row is None:
        return None
    told = {"id": row.id, "file_name": row.file_name, "at": row.at, "status": row.status}
    return ImportView.model_validate({name: value for name, value in row.report.items() if name != "items"} | told)


def kept(session: Session, run_id: UUID) -> Kept | None:
    row = session.get(KnowledgeImport, run_id)
    return None if row is None else Kept.model_validate(row.report)


def mark_applied(session: Session, run_id: UUID) -> bool:
    """Marks a preview applied; False when it was."""
    done = session.execute(
        update(KnowledgeImport)
        .where(KnowledgeImport.id == run_id, KnowledgeImport.status == "previewed")
        .values(status="applied")
        .execution_options(synchronize_session=False)
    )
    return bool(getattr(done, "rowcount", 0))
