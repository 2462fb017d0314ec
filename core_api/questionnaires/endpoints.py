"""Questionnaires over HTTP: list, read as JSON, YAML and FHIR, draft, publish."""

from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends, Response

from core_api.audit import service as audit
from core_api.kit.errors import Invalid
from core_api.kit.paging import Page
from core_api.kit.web import CurrentUser, Db, RuntimeDep, require
from core_api.questionnaires import document, fhir, service
from core_api.questionnaires.schemas import DraftSaved, Questionnaire, QuestionnaireLine

router = APIRouter(prefix="/api/questionnaires", tags=["questionnaires"])

Reader = Annotated[CurrentUser, Depends(require("questionnaires.read"))]
Writer = Annotated[CurrentUser, Depends(require("questionnaires.write"))]
Publisher = Annotated[CurrentUser, Depends(require("questionnaires.publish"))]
YamlBody = Annotated[bytes, Body(media_type="application/yaml", description="问卷的 YAML，UTF-8")]
YAML = "application/yaml; charset=utf-8"
FHIR_JSON = "application/fhir+json"


@router.get("")
def list_questionnaires(session: Db, _user: Reader) -> Page[QuestionnaireLine]:
    """Published versions and drafts."""
    items = service.list_questionnaires(session)
    return Page(items=items, total=len(items))


@router.get("/{key}/versions")
def list_versions(session: Db, _user: Reader, key: str) -> Page[QuestionnaireLine]:
    """Every version of one questionnaire, newest first."""
    items = service.list_versions(session, key)
    return Page(items=items, total=len(items))


@router.get("/{key}/versions/{version}")
def get_version(session: Db, _user: Reader, key: str, version: int) -> Questionnaire:
    return service.get(session, key, version)


@router.get("/{key}/versions/{version}/yaml", response_class=Response)
def get_yaml(session: Db, _user: Reader, key: str, version: int) -> Response:
    return Response(document.to_yaml(service.get(session, key, version)), media_type=YAML)


@router.get("/{key}/versions/{version}/fhir", response_class=Response)
def get_fhir(session: Db, _user: Reader, key: str, version: int) -> Response:
    """A FHIR R4 Questionnaire."""
    return Response(fhir.to_fhir_json(service.get(session, key, version)), media_type=FHIR_JSON)


@router.put("/{key}/draft")
def put_draft(session: Db, runtime: RuntimeDep, user: Writer, key: str, body: YamlBody) -> DraftSaved:
    """Keeps a draft from YAML and lists what still keeps it from being published."""
    return _keep(session, runtime, user, key, document.from_bytes(body))


@router.put("/{key}/draft/fhir")
def put_fhir_draft(
    session: Db, runtime: RuntimeDep, user: Writer, key: str, body: Annotated[dict[str, Any], Body()]
) -> DraftSaved:
    """Keeps a draft from a FHIR R4 Questionnaire."""
    return _keep(session, runtime, user, key, fhir.from_fhir(body))


@router.post("/{key}/publish")
def publish(session: Db, runtime: RuntimeDep, user: Publisher, key: str) -> Questionnaire:
    """Publishes the draft; refused with every problem's reason and remedy."""
    done = service.publish(session, key, runtime.clock)
    audit.record(
        session, user.id, "questionnaire.publish", "questionnaire", key, f"发布第{done.version}版", runtime.clock
    )
    return done


def _keep(session: Db, runtime: RuntimeDep, user: CurrentUser, key: str, given: Questionnaire) -> DraftSaved:
    if given.key != key:
        raise Invalid("文件里的 key 与地址里的不一致", code="questionnaire_key", field="key")
    saved = service.save_draft(session, given, runtime.clock)
    audit.record(
        session, user.id, "questionnaire.draft", "questionnaire", key, f"保存第{saved.version}版草稿", runtime.clock
    )
    return saved
