"""A desk with people, queues and a conversation to work on."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from assistant import api as assistant
from assistant.conversations import service as conversations
from assistant.conversations.schemas import NewMessage
from assistant.desk.agents import service as agents
from assistant.desk.cases import service as cases
from assistant.desk.cases.schemas import Case, CaseIn
from assistant.desk.queues import service as queues
from assistant.desk.queues.schemas import MemberIn, QueueIn
from assistant.desk.rota import service as rota
from assistant.desk.rota.schemas import ShiftIn
from core_api.identity.models import User
from core_api.identity.rules import permissions_of
from core_api.kit.clock import FixedClock
from core_api.kit.db import Sessions, new_id
from core_api.kit.outbox import OutboxEvent, handle_pending
from core_api.kit.web import CurrentUser
from core_api.patients import service as patients
from core_api.patients.schemas import PatientIn

ALL_DAY = ("00:00", "00:00")


@dataclass
class World:
    """Verbs for tests; each commits."""

    sessions: Sessions
    clock: FixedClock
    users: dict[str, UUID] = field(default_factory=dict)
    queue_ids: dict[str, UUID] = field(default_factory=dict)

    def user(self, name: str, *roles: str) -> UUID:
        """An account; hashing a password would be the slowest part of every test."""
        row = User(
            id=new_id(),
            username=name,
            display_name=f"{name}员",
            password_hash="-",
            roles=list(roles or ("nurse",)),
            active=True,
            created_at=self.clock.now(),
        )
        with self.sessions.begin() as session:
            session.add(row)
        self.users[name] = row.id
        return self.users[name]

    def actor(self, name: str, *roles: str) -> CurrentUser:
        held = roles or ("nurse",)
        user_id = self.users.get(name) or self.user(name, *held)
        return CurrentUser(
            id=user_id, username=name, display_name=f"{name}员", roles=held, permissions=permissions_of(held)
        )

    def queue(self, name: str, department: str = "", members: Sequence[str] = (), **more: object) -> UUID:
        new = QueueIn.model_validate(
            {
                "name": name,
                "department": department,
                "kinds": ["handoff", "red_flag", "advice", "unanswered", "voicemail", "other"],
                "reply_within_minutes": 60,
                "clock": "wall",
                "warn_before_minutes": 10,
                **more,
            }
        )
        with self.sessions.begin() as session:
            made = queues.create_queue(session, new, self.clock)
            wanted = [MemberIn(user_id=self.users[one], skills=("clinical",)) for one in members]
            queues.set_members(session, made.id, wanted)
        self.queue_ids[name] = made.id
        return made.id

    def duty(self, name: str, queue: str, start: str = "00:00", end: str = "00:00", on: date | None = None) -> UUID:
        """Every weekday, or one day; 00:00 to 00:00 is the whole day."""
        shifts = (
            [ShiftIn(queue_id=self.queue_ids[queue], user_id=self.users[name], on=on, start=start, end=end)]
            if on
            else [
                ShiftIn(
                    queue_id=self.queue_ids[queue],
                    user_id=self.users[name],
                    weekday=weekday,
                    start=start,
                    end=end,
                    on_holidays=True,
                )
                for weekday in range(1, 8)
            ]
        )
        with self.sessions.begin() as session:
            return [rota.add_shift(session, shift, self.clock).id for shift in shifts][-1]

    def accept(self, *names: str) -> None:
        with self.sessions.begin() as session:
            for name in names:
                agents.say(session, self.users[name], "accepting", self.clock)

    def patient(self, department: str = "肾移植中心", **more: object) -> UUID:
        number = new_id().hex[:12]
        plain = {"record_number": number, "name": "王小丽", "phone": "+8613812345678", "department": department}
        with self.sessions.begin() as session:
            return patients.upsert_patient(session, PatientIn.model_validate(plain | more), self.clock).patient_id

    def conversation(self, patient_id: UUID | None = None, text: str = "你好", channel: str = "web") -> UUID:
        with self.sessions.begin() as session:
            made = conversations.open_conversation(session, channel, patient_id, "咨询", self.clock)
            self._say(session, made, text)
        return made

    def say(self, conversation_id: UUID, text: str) -> UUID:
        with self.sessions.begin() as session:
            return self._say(session, conversation_id, text)

    def open_case(self, **wanted: object) -> UUID:
        plain = {"kind": "handoff", "reason_text": "患者要求转人工", "source_kind": "message", "source_id": new_id()}
        with self.sessions.begin() as session:
            return assistant.open_case(session, CaseIn.model_validate(plain | wanted), self.clock)

    def handoff(self, department: str = "", text: str = "转人工") -> tuple[UUID, UUID]:
        """A conversation that waits for a person, and its case."""
        conversation_id = self.conversation(text=text)
        with self.sessions.begin() as session:
            conversations.hand_over(session, conversation_id, self.clock)
        return conversation_id, self.open_case(conversation_id=conversation_id, department=department)

    def case(self, case_id: UUID) -> Case:
        with self.sessions() as session:
            return cases.case(session, case_id)

    def tick(self, minutes: float = 0) -> int:
        self.clock.advance(timedelta(minutes=minutes))
        return assistant.desk_tick(self.sessions, self.clock)

    def handle(self) -> int:
        return handle_pending(self.sessions, assistant.desk_handlers(self.clock), self.clock)

    def events(self, name: str) -> list[dict[str, Any]]:
        with self.sessions() as session:
            found = session.scalars(select(OutboxEvent).where(OutboxEvent.name == name).order_by(OutboxEvent.seq))
            return [dict(event.data) for event in found]

    def _say(self, session: Session, conversation_id: UUID, text: str) -> UUID:
        message = NewMessage(
            conversation_id=conversation_id,
            dedupe_key=new_id().hex,
            sender="patient",
            text=text,
            at=self.clock.now(),
        )
        return conversations.add(session, message, self.clock).id
