"""Campaigns and the list for people over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request

from campaigns.board import service
from campaigns.campaigns import service as campaigns
from campaigns.campaigns.schemas import Board, CampaignIn, CampaignStatus, CampaignView, Preview, TargetLine
from campaigns.people import service as people
from campaigns.people.schemas import CloseCase, PeopleLine
from campaigns.record.core import CoreRecord
from campaigns.record.port import Record
from campaigns.targets.schemas import TargetState
from core_api.audit import service as audit
from core_api.kit.paging import Cursor, Limit, Page
from core_api.kit.web import CurrentUser, Db, RuntimeDep, require

router = APIRouter(prefix="/api", tags=["外呼任务"])
Reader = Annotated[CurrentUser, Depends(require("campaigns.read"), scope="function")]
Writer = Annotated[CurrentUser, Depends(require("campaigns.write"), scope="function")]
Runner = Annotated[CurrentUser, Depends(require("campaigns.run"), scope="function")]


def record_of(request: Request) -> Record:
    """The record; tests may put another into the app's state."""
    found: Record = getattr(request.app.state, "campaign_record", None) or CoreRecord()
    return found


RecordDep = Annotated[Record, Depends(record_of)]


@router.get("/campaigns")
def list_campaigns(
    session: Db,
    _user: Reader,
    status: Annotated[list[CampaignStatus] | None, Query()] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[CampaignView]:
    """Campaigns, the newest first."""
    return campaigns.page(session, status or [], cursor, limit)


@router.post("/campaigns", status_code=201)
def create_campaign(
    wanted: CampaignIn, session: Db, runtime: RuntimeDep, record: RecordDep, user: Writer
) -> CampaignView:
    """Makes a draft."""
    made = service.create(session, record, wanted, user.id, runtime.clock, runtime.zone)
    audit.record(session, user.id, "campaign.create", "campaign", made.id, "新建外呼任务", runtime.clock)
    return made


@router.post("/campaigns/preview")
def preview_campaign(wanted: CampaignIn, session: Db, runtime: RuntimeDep, record: RecordDep, _user: Reader) -> Preview:
    """Whom a campaign would call, and who is left out why."""
    return service.preview(session, record, wanted, runtime.clock.now(), runtime.zone)


@router.get("/campaigns/{campaign_id}")
def read_campaign(campaign_id: UUID, session: Db, _user: Reader) -> CampaignView:
    """One campaign with its counts."""
    return campaigns.get(session, campaign_id)


@router.post("/campaigns/{campaign_id}/start")
def start_campaign(campaign_id: UUID, session: Db, runtime: RuntimeDep, user: Runner) -> CampaignView:
    """Starts a draft."""
    _audit(session, runtime, user, "start", campaign_id)
    return campaigns.start(session, campaign_id, runtime.clock)


@router.post("/campaigns/{campaign_id}/pause")
def pause_campaign(campaign_id: UUID, session: Db, runtime: RuntimeDep, user: Runner) -> CampaignView:
    """No new calls; those in progress go on."""
    _audit(session, runtime, user, "pause", campaign_id)
    return campaigns.pause(session, campaign_id, runtime.clock)


@router.post("/campaigns/{campaign_id}/resume")
def resume_campaign(campaign_id: UUID, session: Db, runtime: RuntimeDep, user: Runner) -> CampaignView:
    """Goes on with a paused campaign."""
    _audit(session, runtime, user, "resume", campaign_id)
    return campaigns.resume(session, campaign_id, runtime.clock)


@router.post("/campaigns/{campaign_id}/cancel")
def cancel_campaign(campaign_id: UUID, session: Db, runtime: RuntimeDep, user: Runner) -> CampaignView:
    """Ends a campaign for good."""
    _audit(session, runtime, user, "cancel", campaign_id)
    return campaigns.cancel(session, campaign_id, runtime.clock)


@router.get("/campaigns/{campaign_id}/board")
def read_board(campaign_id: UUID, session: Db, runtime: RuntimeDep, record: RecordDep, user: Reader) -> Board:
    """A campaign's live board."""
    _audit(session, runtime, user, "board", campaign_id)
    return service.board(session, record, campaign_id, runtime.clock)


@router.get("/campaigns/{campaign_id}/targets")
def list_targets(  # noqa: PLR0913, PLR0917 - FastAPI's way to name a request's parts
    campaign_id: UUID,
    session: Db,
    runtime: RuntimeDep,
    record: RecordDep,
    user: Reader,
    state: Annotated[list[TargetState] | None, Query()] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[TargetLine]:
    """Targets of a campaign, masked."""
    _audit(session, runtime, user, "targets", campaign_id)
    return service.target_page(session, record, campaign_id, state or [], cursor, limit)


@router.get("/people-list")
def list_people(  # noqa: PLR0913, PLR0917 - FastAPI's way to name a request's parts
    session: Db,
    runtime: RuntimeDep,
    record: RecordDep,
    user: Reader,
    closed: bool = False,
    campaign_id: UUID | None = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[PeopleLine]:
    """Who waits for a person (待人工处理), with all attempts; of one campaign or of all."""
    audit.record(session, user.id, "people_list.read", "people_list", "", "查看待人工处理", runtime.clock)
    return people.page(session, record, cursor, limit, open_only=not closed, campaign_id=campaign_id)


@router.post("/people-list/{case_id}/close")
def close_case(
    case_id: UUID, found: CloseCase, session: Db, runtime: RuntimeDep, record: RecordDep, user: Writer
) -> PeopleLine:
    """Closes a case with what the person found out."""
    audit.record(session, user.id, "people_list.close", "people_case", case_id, found.outcome, runtime.clock)
    return people.close(session, record, case_id, found, user.id, runtime.clock)


def _audit(session: Db, runtime: RuntimeDep, user: CurrentUser, verb: str, campaign_id: UUID) -> None:
    audit.record(session, user.id, f"campaign.{verb}", "campaign", campaign_id, "外呼任务", runtime.clock)
