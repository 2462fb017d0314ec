"""Where Rasa calls for its actions; for Rasa alone, behind a shared token."""

import hmac
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from rasa_sdk.executor import ActionExecutor
from rasa_sdk.interfaces import ActionExecutionRejection, ActionNotFoundException

from core_api.kit.errors import Forbidden
from core_api.kit.web import Runtime, runtime
from dialogs import turns
from dialogs.actions import make_executor
from dialogs.schemas import Heard, Reply, Turn

TOKEN_HEADER = "X-Huifang-Token"  # noqa: S105 - a header's name
router = APIRouter(tags=["internal"], include_in_schema=False)


@router.post("/internal/rasa/actions")
async def run_action(request: Request) -> JSONResponse:
    """Runs the action that Rasa names. The app holds the token in `app.state.rasa_actions_token`."""
    expected = getattr(request.app.state, "rasa_actions_token", None)
    given = request.headers.get(TOKEN_HEADER, "")
    if not expected or not hmac.compare_digest(str(expected).encode(), given.encode()):
        raise Forbidden("没有权限", code="rasa_token")
    body: dict[str, Any] = await request.json()
    body.setdefault("domain", {})  # Rasa sends none, for no action asks for it; the library insists on one
    try:
        result = await _executor(request).run(body)
    except (ActionNotFoundException, ActionExecutionRejection) as error:
        return JSONResponse({"error": str(error), "action_name": error.action_name}, status_code=404)
    return JSONResponse(result if isinstance(result, dict) else result.model_dump())


def _executor(request: Request) -> ActionExecutor:
    state = request.app.state
    if not hasattr(state, "rasa_executor"):
        state.rasa_executor = _make(runtime(request))
    executor: ActionExecutor = state.rasa_executor
    return executor


def _make(held: Runtime) -> ActionExecutor:
    def decide(turn: Turn, heard: Heard) -> Reply:
        return turns.understood(held.sessions, turn, heard, held.clock, held.zone)

    return make_executor(decide)
