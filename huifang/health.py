"""Whether this process and what it leans on are well."""

from typing import Literal

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict

from huifang import store
from huifang.composition import Composition
from huifang.probing import responds

UNAVAILABLE = 503

State = Literal["ok", "down", "separate"]
router = APIRouter(tags=["运行"])


class Health(BaseModel):
    """`status` is `ok`, `degraded` (calls go on by keys) or `down` (no database)."""

    model_config = ConfigDict(frozen=True)

    status: Literal["ok", "degraded", "down"]
    database: State
    rasa: State
    worker: State


@router.get("/api/health")
def health(request: Request, response: Response) -> Health:
    """For supervisors and monitors; holds nothing secret."""
    composition: Composition = request.app.state.composition
    database = store.answers(composition.runtime)
    rasa = responds(f"{composition.settings.rasa}/")
    worker = request.app.state.worker
    if not database:
        response.status_code = UNAVAILABLE
    return Health(
        status="down" if not database else "ok" if rasa else "degraded",
        database="ok" if database else "down",
        rasa="ok" if rasa else "down",
        worker="separate" if worker is None else "ok" if worker.alive else "down",
    )
