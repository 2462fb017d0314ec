"""Alerts over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query

from core_api.alerts import service
from core_api.alerts.schemas import AcknowledgeIn, AlertFilter, AlertView
from core_api.audit import service as audit
from core_api.kit.paging import Cursor, Limit, Page
from core_api.kit.web import CurrentUser, Db, RuntimeDep, require

router = APIRouter(prefix="/api/alerts", tags=["预警"])
Reader = Annotated[CurrentUser, Depends(require("alerts.read"), scope="function")]
Acknowledger = Annotated[CurrentUser, Depends(require("alerts.acknowledge"), scope="function")]


@router.get("")
def list_alerts(
    session: Db,
    runtime: RuntimeDep,
    user: Reader,
    wanted: Annotated[AlertFilter, Query()],
    cursor: Cursor = None,
    limit: Limit = 20,
) -> Page[AlertView]:
    """Alerts: open ones by deadline, others newest first."""
    audit.record(session, user.id, "alert.list", "alert", "", "查看预警列表", runtime.clock)
    return service.list_alerts(session, wanted, runtime.clock, cursor, limit)


@router.get("/{alert_id}")
def read_alert(alert_id: UUID, session: Db, runtime: RuntimeDep, user: Reader) -> AlertView:
    """One alert."""
    audit.record(session, user.id, "alert.read", "alert", alert_id, "查看预警", runtime.clock)
    return service.alert(session, alert_id, runtime.clock)


@router.post("/{alert_id}/acknowledge")
def acknowledge(alert_id: UUID, body: AcknowledgeIn, session: Db, runtime: RuntimeDep, user: Acknowledger) -> AlertView:
    """Says that one has seen the alert and what was done."""
    return service.acknowledge(session, alert_id, user, body.note, runtime.clock)
