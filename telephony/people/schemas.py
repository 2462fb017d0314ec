"""What a person's page says over a call's line, and why it may be refused."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from core_api.kit.errors import ServiceError

EXTENSION = r"^\d{2,6}$"


class Frozen(BaseModel):
    model_config = ConfigDict(frozen=True)


class TakeOver(Frozen):
    """I speak with the patient from now on."""

    type: Literal["take_over"]


class GiveBack(Frozen):
    """The bot goes on."""

    type: Literal["give_back"]


class HangUp(Frozen):
    """The call is over."""

    type: Literal["hang_up"]


class Transfer(Frozen):
    """The patient is sent on to an extension of the hospital."""

    type: Literal["transfer"]
    number: str = Field(pattern=EXTENSION)


class Keys(Frozen):
    """Tones for the other side, such as a switchboard's menu."""

    type: Literal["keys"]
    keys: str = Field(pattern=r"^[0-9*#]{1,20}$")


class Ping(Frozen):
    type: Literal["ping"]


Command = TakeOver | GiveBack | HangUp | Transfer | Keys | Ping
COMMANDS = TypeAdapter[Command](Annotated[Command, Field(discriminator="type")])


class NotLive(ServiceError):
    default_code = "not_live"
    status = 409


class NotYours(ServiceError):
    default_code = "not_yours"
    status = 409
