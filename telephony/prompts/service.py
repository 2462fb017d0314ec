"""Fixed prompts and their recordings: list, upload, review by a second person, withdraw."""

import os
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from uuid import UUID

import numpy as np
from sqlalchemy.orm import Session

from core_api.audit import service as audit
from core_api.kit.clock import Clock
from core_api.kit.db import new_id
from core_api.kit.errors import Conflict, Invalid, NotFound
from core_api.kit.web import CurrentUser
from core_api.questionnaires import service as questionnaires
from core_api.questionnaires.schemas import Questionnaire
from dialogs import api as dialogs
from telephony.audio.pcm import Pcm16
from telephony.prompts import repository, sound
from telephony.prompts.models import PromptRecordingRow
from telephony.prompts.rules import content_key, recordable
from telephony.prompts.schemas import PromptLine, PromptRecording, PromptVoice, ReviewIn
from telephony.runtime import VoiceSettings

CALL = "通话用语"
SUFFIX = ".s16"


def fixed(session: Session) -> dict[str, tuple[str, ...]]:
    """Every sentence that is said word for word, and where: of the call itself and of published questionnaires."""
    found: dict[str, list[str]] = {}
    for place, text in _texts(session):
        for sentence in recordable(text):
            places = found.setdefault(sentence, [])
            if place not in places:
                places.append(place)
    return {sentence: tuple(places) for sentence, places in found.items()}


def lines(session: Session, voice: PromptVoice) -> list[PromptLine]:
    """The fixed sentences with their recordings; those no questionnaire says any more stay as long as one is in use."""
    states: dict[tuple[str, str], PromptRecording] = {
        (one.text, one.state): one for one in repository.current(session) if one.voice == voice
    }
    known = fixed(session)
    gone = {text: () for text, _ in states if text not in known}
    return [
        PromptLine(text=text, places=places, active=states.get((text, "active")), pending=states.get((text, "pending")))
        for text, places in (known | gone).items()
    ]


def upload(  # noqa: PLR0913, PLR0917 - a recording's parts
    session: Session, folder: Path, text: str, voice: PromptVoice, content: bytes, user: CurrentUser, clock: Clock
) -> PromptRecording:
    """Takes a recording of a fixed sentence; a second person has to review it.

    Raises:
        Invalid: The sentence is none of the fixed ones, or the sound is not good enough.
    """
    if text not in fixed(session):
        raise Invalid("没有这句固定用语，请刷新后再试", field="text")
    checked = sound.check(content, text)
    identity, key = new_id(), content_key(text, voice)
    _write(folder / f"{identity}{SUFFIX}", checked.pcm)
    row = PromptRecordingRow(
        id=identity,
        content_key=key,
        voice=voice,
        text=text,
        state="pending",
        facts=checked.facts.model_dump(mode="json"),
        uploaded_at=clock.now(),
        uploaded_by_id=user.id,
        uploaded_by=user.display_name,
    )
    repository.add(session, row)
    repository.withdraw(session, key, "pending", identity)
    audit.record(session, user.id, "prompt.upload", "prompt", identity, "上传提示音", clock)
    return repository.view(row)


def review(session: Session, recording_id: UUID, body: ReviewIn, user: CurrentUser, clock: Clock) -> PromptRecording:
    """Takes a recording into use, or sends it back.

    Raises:
        NotFound: There is no such recording.
        Conflict: It was decided already, or the reviewer made it.
    """
    row = _locked(session, recording_id)
    if row.state != "pending":
        raise Conflict("这份录音已经处理过了，请刷新")
    if row.uploaded_by_id == user.id:
        raise Conflict("请由另一位同事审核，不能审核自己上传的录音", code="own_prompt")
    row.note = body.note.strip() or None
    repository.decide(session, row, "active" if body.approve else "rejected", (user.id, user.display_name), clock.now())
    if body.approve:
        repository.withdraw(session, row.content_key, "active", row.id)
    action, purpose = ("prompt.approve", "启用提示音") if body.approve else ("prompt.reject", "退回提示音")
    audit.record(session, user.id, action, "prompt", recording_id, purpose, clock)
    return repository.view(row)


def retire(session: Session, recording_id: UUID, user: CurrentUser, clock: Clock) -> None:
    """Withdraws a recording: the next call that says the sentence has it synthesised.

    Raises:
        NotFound: There is no such recording.
    """
    row = _locked(session, recording_id)
    if row.state in {"active", "pending"}:
        row.state = "retired"
        audit.record(session, user.id, "prompt.retire", "prompt", recording_id, "停用提示音", clock)


def audio(session: Session, folder: Path, recording_id: UUID) -> bytes:
    """A recording as it will be heard, as WAV.

    Raises:
        NotFound: There is no such recording, or its file is gone.
    """
    pcm = read(folder, recording_id) if repository.one(session, recording_id) is not None else None
    if pcm is None:
        raise NotFound("没有这份录音")
    return sound.wav(pcm)


def read(folder: Path, recording_id: UUID) -> Pcm16 | None:
    """A recording's samples; None where the file is gone."""
    try:
        return np.frombuffer((folder / f"{recording_id}{SUFFIX}").read_bytes(), dtype="<i2").astype(np.int16)
    except OSError:
        return None


def _locked(session: Session, recording_id: UUID) -> PromptRecordingRow:
    row = repository.locked(session, recording_id)
    if row is None:
        raise NotFound("没有这份录音")
    return row


def _texts(session: Session) -> Iterator[tuple[str, str]]:
    own = (field.default for field in fields(VoiceSettings) if isinstance(field.default, str))
    for text in (*dialogs.fixed_texts(), *own):
        yield CALL, text
    for line in questionnaires.list_questionnaires(session):
        if line.status == "published":
            found = questionnaires.get(session, line.key, line.version)
            for text in _of_questionnaire(found):
                yield found.title, text


def _of_questionnaire(found: Questionnaire) -> Iterator[str]:
    yield found.intro_voice
    for item in found.items:
        yield from (item.text_voice, item.text_rephrase, item.text_keys)
    for alert in found.alert_rules:
        yield alert.advice_voice
    yield from (found.closing_voice, found.closing_alert_voice)


def _write(path: Path, pcm: Pcm16) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    with partial.open("wb") as out:
        out.write(pcm.astype("<i2").tobytes())
        out.flush()
        os.fsync(out.fileno())
    partial.replace(path)
