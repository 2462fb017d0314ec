"""What telephony's processes are given; made once by the composition root."""

import asyncio
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol
from uuid import UUID
from zoneinfo import ZoneInfo

from core_api.kit.clock import Clock
from core_api.kit.db import Sessions
from core_api.kit.errors import NotFound
from telephony.calls.retention import Retention
from telephony.carriers.ports import Carrier
from telephony.session.bridge import Bridge, StaffLeg
from telephony.session.conversation import Conversations
from telephony.speech.choosing import HearingChoice
from telephony.speech.synthesis import Synthesizer

WORKER_THREADS = 32
SIMULATOR = "simulator"


@dataclass(frozen=True)
class VoiceSettings:
    """How a call is held; call seconds unless named otherwise.

    Attributes:
        silence_seconds: Nothing heard for so long after a prompt is a silent turn.
        elder_factor: Older patients are given so much longer.
        max_silences: So many silent turns in a row end the call.
        interdigit_seconds: So long after a key without # the number is taken as it stands.
        reply_timeout_seconds: Real seconds that the dialogue may think.
        inbound_text: What a caller hears where a call to us cannot be held.
        person_grace_seconds: Real seconds in which a person whose connection broke may come back.
        dialled_grace_seconds: The same in a call that they dialled, where nobody else could go on.
        dialled_text: What a patient hears first whom a person calls.
        transfer_number: Where a patient who wants a person is connected; nobody if None.
        inbound_seconds: Longest call to us.
    """

    silence_seconds: float = 8.0
    elder_factor: float = 1.5
    max_silences: int = 4
    interdigit_seconds: float = 3.0
    reply_timeout_seconds: float = 15.0
    voicemail_text: str = "您好，这里是{hospital}。我们稍后会再和您联系，您也可以回拨医院电话。谢谢，再见。"
    sorry_text: str = "非常抱歉，系统暂时出现故障，稍后会有工作人员与您联系，再见。"
    time_up_text: str = "抱歉，本次通话时间较长，先到这里，我们会再与您联系，再见。"
    going_away_text: str = "抱歉，系统需要暂停一下，我们稍后再给您打电话，再见。"
    person_text: str = "您好，现在由工作人员为您服务。"
    transferring_text: str = "好的，正在为您转接，请稍候。"
    given_back_text: str = "谢谢您，下面由自动服务继续。"
    person_lost_text: str = "抱歉，工作人员的线路断开了，下面由自动服务继续。"
    goodbye_text: str = "感谢您的接听，再见。"
    dialled_text: str = "您好，这里是{hospital}，工作人员正在与您联系，为了服务质量，本次通话会录音。"
    please_wait_text: str = "抱歉，工作人员的线路断开了，正在重新接通，请您稍等，不要挂断。"
    call_again_text: str = "非常抱歉，线路没有恢复，我们稍后再给您打过来，再见。"
    person_grace_seconds: float = 5.0
    dialled_grace_seconds: float = 20.0
    inbound_text: str = "您好，这是医院的自动随访电话，暂时不能接听来电。如需帮助，请拨打医院总机。谢谢，再见。"
    transfer_number: str | None = None
    hospital_name: str = ""
    inbound_seconds: int = 900

    def dialled_by(self, department: str) -> str:
        """What a patient hears first whom a person of a department calls."""
        return self.dialled_text.replace("{hospital}", f"{self.hospital_name or '医院'}{department}")


class LiveCall(Protocol):
    """A session that can be told things from outside."""

    @property
    def bridge(self) -> Bridge:
        """People on the call."""
        ...

    def tell(self, item: object) -> None:
        """Puts an event into the session; from any thread."""
        ...

    async def hear_person(self, leg: StaffLeg, pcm: bytes) -> None:
        """Takes 20 ms of a person for the patient; on the session's loop."""
        ...


class LiveCalls:
    """The calls whose sockets are in this process."""

    def __init__(self) -> None:
        self._calls: dict[UUID, LiveCall] = {}

    def add(self, call_id: UUID, call: LiveCall) -> bool:
        """False if the call has a session already."""
        if call_id in self._calls:
            return False
        self._calls[call_id] = call
        return True

    def remove(self, call_id: UUID) -> None:
        self._calls.pop(call_id, None)

    def items(self) -> list[tuple[UUID, LiveCall]]:
        """All of them at this moment."""
        return list(self._calls.items())

    def get(self, call_id: UUID) -> LiveCall | None:
        return self._calls.get(call_id)

    def __len__(self) -> int:
        return len(self._calls)


@dataclass(frozen=True)
class TelephonyRuntime:
    """Telephony's own runtime, in `app.state.telephony`."""

    sessions: Sessions
    clock: Clock
    zone: ZoneInfo
    data_dir: Path
    carriers: Mapping[str, Carrier]
    conversations: Conversations
    synthesizer: Synthesizer
    slow_synthesizer: Synthesizer | None = None
    settings: VoiceSettings = field(default_factory=VoiceSettings)
    address: str = ""
    """Where our other processes reach this one; empty where there is none."""
    hearing: HearingChoice = field(default_factory=HearingChoice)
    retention: Retention = field(default_factory=Retention)
    live: LiveCalls = field(default_factory=LiveCalls)
    ringing: dict[UUID, Any] = field(default_factory=dict)
    """Calls that people dial through this process, by their id, until they are answered (`people.ringing`)."""
    workers: ThreadPoolExecutor = field(
        default_factory=lambda: ThreadPoolExecutor(WORKER_THREADS, thread_name_prefix="call")
    )

    @property
    def spools(self) -> Path:
        return self.data_dir / "recordings" / "spool"

    @property
    def recordings(self) -> Path:
        return self.data_dir / "recordings"

    def carrier(self, name: str) -> Carrier:
        """Raises NotFound for a carrier that is not set up."""
        found = self.carriers.get(name)
        if found is None:
            message = "没有配置这条线路"
            raise NotFound(message, field="carrier")
        return found

    async def in_thread(self, function: Any, *arguments: Any) -> Any:  # noqa: ANN401 - any blocking function
        """Runs what blocks beside the event loop; calls wait for threads of their own, not for the web's."""
        return await asyncio.get_running_loop().run_in_executor(self.workers, function, *arguments)
