"""The workbench over HTTP."""

from typing import Annotated

from fastapi import APIRouter, Depends

from core_api.kit.web import CurrentUser, Db, RuntimeDep, require
from core_api.workbench import service
from core_api.workbench.schemas import Workbench

router = APIRouter(prefix="/api/workbench", tags=["今日工作"])
Reader = Annotated[CurrentUser, Depends(require("tasks.read"), scope="function")]


@router.get("")
def read_workbench(session: Db, runtime: RuntimeDep, _user: Reader) -> Workbench:
    """What waits today: tasks, alerts, rechecks."""
    return service.workbench(session, runtime.clock, runtime.zone)
