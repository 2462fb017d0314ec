"""WeChat accounts, what comes from them, and what is known of who writes."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, SecretStr

AccountKind = Literal["official", "mini_program"]


class Frozen(BaseModel):
    model_config = ConfigDict(frozen=True)


class WechatAccount(Frozen):
    """An official account or mini-program, as entered at WeChat; with an AES key messages come encrypted."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_-]{0,31}$")
    kind: AccountKind = "official"
    app_id: str = Field(min_length=1)
    app_secret: SecretStr
    token: SecretStr
    aes_key: SecretStr = SecretStr("")


class Signed(Frozen):
    """What WeChat puts into the address of a push."""

    signature: str = ""
    msg_signature: str = ""
    timestamp: str = ""
    nonce: str = ""
    echostr: str = ""
    encrypt_type: str = ""


class Incoming(Frozen):
    """A message or event of WeChat's."""

    openid: str = Field(min_length=1, max_length=128)
    created: str
    kind: str
    message_id: str = ""
    content: str = ""
    media_id: str = ""
    recognition: str = ""
    event: str = ""
    event_key: str = ""


class Contact(Frozen):
    """A person on WeChat; `sent_seq` is the last message of the conversation that was sent to them."""

    id: UUID
    account: str
    openid: str
    conversation_id: UUID
    patient_id: UUID | None = None
    identified_until: datetime | None = None
    last_inbound_at: datetime
    replies_left: int
    sent_seq: int
    tries: int
    held: bool
    due_at: datetime | None = None

    def identified(self, now: datetime) -> bool:
        """Whether the patient is known and has written lately."""
        return self.patient_id is not None and self.identified_until is not None and self.identified_until > now


class Piece(Frozen):
    """A text or a picture to be sent as one reply, and the last message that is through with it."""

    text: str
    last_seq: int
    file_id: UUID | None = None
