"""Reading the audit log over HTTP."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query

from core_api.audit import service
from core_api.audit.schemas import AuditFilter, AuditView
from core_api.kit.paging import Cursor, Limit, Page
from core_api.kit.web import CurrentUser, Db, require

router = APIRouter(prefix="/api/audit", tags=["审计"])
Auditor = Annotated[CurrentUser, Depends(require("audit.read"), scope="function")]


@router.get("")
def list_entries(
    session: Db, _user: Auditor, wanted: Annotated[AuditFilter, Query()], cursor: Cursor = None, limit: Limit = 50
) -> Page[AuditView]:
    """Audit rows, newest first."""
    return service.entries(session, wanted, cursor, limit)
