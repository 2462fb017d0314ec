"""Import and export over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response, UploadFile

from core_api.audit import service as audit
from core_api.kit.web import CurrentUser, Db, RuntimeDep, require
from knowledge.entries.endpoints import person_of
from knowledge.entries.schemas import EntryFilter
from knowledge.exchange import service
from knowledge.exchange.schemas import ApplyIn, Format, ImportView

router = APIRouter(prefix="/api/knowledge", tags=["知识库"])
Reader = Annotated[CurrentUser, Depends(require("knowledge.read"), scope="function")]
Writer = Annotated[CurrentUser, Depends(require("knowledge.write"), scope="function")]
TYPES: dict[Format, str] = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "md": "text/markdown; charset=utf-8",
}


class ExportFilter(EntryFilter):
    format: Format = "xlsx"


@router.post("/imports", status_code=201)
def preview(file: UploadFile, session: Db, runtime: RuntimeDep, user: Writer) -> ImportView:
    """Looks at a file; changes no entry."""
    data = file.file.read(service.MAX_BYTES + 1)
    return service.preview(session, file.filename or "", data, person_of(user), runtime.zone, runtime.clock)


@router.get("/imports/{run_id}")
def read_import(run_id: UUID, session: Db, _user: Writer) -> ImportView:
    """What a file would do, or did."""
    return service.view(session, run_id)


@router.post("/imports/{run_id}/apply")
def apply(run_id: UUID, body: ApplyIn, session: Db, runtime: RuntimeDep, user: Writer) -> ImportView:
    """Makes drafts of the sound rows."""
    audit.record(session, user.id, "knowledge.import", "knowledge_import", run_id, "导入知识", runtime.clock)
    return service.apply(session, run_id, person_of(user), runtime.clock, skip_duplicates=body.skip_duplicates)


@router.get("/export", response_class=Response)
def export(session: Db, runtime: RuntimeDep, user: Reader, wanted: Annotated[ExportFilter, Query()]) -> Response:
    """Entries as a file that imports as it is."""
    audit.record(session, user.id, "knowledge.export", "knowledge_entry", "", "导出知识", runtime.clock)
    filters = EntryFilter.model_validate(wanted.model_dump(include=set(EntryFilter.model_fields)))
    data = service.export(session, filters, wanted.format, runtime.zone, runtime.clock)
    headers = {"content-disposition": f'attachment; filename="knowledge.{wanted.format}"'}
    return Response(data, media_type=TYPES[wanted.format], headers=headers)
