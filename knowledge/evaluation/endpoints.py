"""Gold questions and evaluations over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends

from core_api.audit import service as audit
from core_api.kit.paging import Cursor, Limit, Page
from core_api.kit.web import CurrentUser, Db, RuntimeDep, require
from knowledge.evaluation import service
from knowledge.evaluation.schemas import EvaluationLine, EvaluationView, GoldIn, GoldView

router = APIRouter(prefix="/api/knowledge", tags=["知识库"])
Reader = Annotated[CurrentUser, Depends(require("knowledge.read"), scope="function")]
Settler = Annotated[CurrentUser, Depends(require("knowledge.settings"), scope="function")]


@router.get("/gold")
def list_gold(session: Db, _user: Reader, cursor: Cursor = None, limit: Limit = 50) -> Page[GoldView]:
    """Questions whose right entries are known."""
    return service.list_gold(session, cursor, limit)


@router.post("/gold", status_code=201)
def add_gold(gold: GoldIn, session: Db, runtime: RuntimeDep, user: Settler) -> GoldView:
    """Adds a gold question."""
    made = service.add_gold(session, gold, runtime.clock)
    audit.record(session, user.id, "knowledge.gold.add", "knowledge_gold", made.id, "新增标准问题", runtime.clock)
    return made


@router.delete("/gold/{gold_id}", status_code=204)
def remove_gold(gold_id: UUID, session: Db, runtime: RuntimeDep, user: Settler) -> None:
    """Removes a gold question."""
    service.remove_gold(session, gold_id)
    audit.record(session, user.id, "knowledge.gold.remove", "knowledge_gold", gold_id, "删除标准问题", runtime.clock)


@router.post("/evaluations", status_code=201)
def evaluate(session: Db, runtime: RuntimeDep, user: Settler) -> EvaluationView:
    """Asks every gold question by every method."""
    return service.run(session, user.display_name, runtime.clock)


@router.get("/evaluations")
def list_evaluations(session: Db, _user: Reader, cursor: Cursor = None, limit: Limit = 20) -> Page[EvaluationLine]:
    """Earlier runs, the newest first."""
    return service.list_evaluations(session, cursor, limit)


@router.get("/evaluations/{evaluation_id}")
def read_evaluation(evaluation_id: UUID, session: Db, _user: Reader) -> EvaluationView:
    """One run with the questions that went wrong."""
    return service.evaluation(session, evaluation_id)
