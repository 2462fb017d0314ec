"""What signing in takes and returns."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, SecretStr


class Frozen(BaseModel):
    model_config = ConfigDict(frozen=True)


class Credentials(Frozen):
    """A user name and a password."""

    username: str = Field(min_length=1, max_length=64)
    password: SecretStr = Field(min_length=1, max_length=256)


class UserView(Frozen):
    """An account as its owner sees it."""

    id: UUID
    username: str
    display_name: str
    roles: tuple[str, ...]
    permissions: tuple[str, ...]


class StaffView(Frozen):
    """A member of staff as colleagues see them."""

    id: UUID
    display_name: str
    roles: tuple[str, ...]


class SessionView(Frozen):
    """Who is signed in."""

    user: UserView


class TokenView(Frozen):
    """A bearer token, shown once."""

    token: str
    expires_at: datetime


class SignedIn(Frozen):
    """A new session: its token exists only here."""

    user: UserView
    token: str
    expires_at: datetime


class Refused(Frozen):
    """A refused sign-in: a value and not an error, because its count must be committed."""

    locked: bool


class NewUser(Frozen):
    """An account to make."""

    username: str = Field(pattern=r"^[a-z0-9][a-z0-9._-]{1,63}$")
    display_name: str = Field(min_length=1, max_length=64)
    password: SecretStr = Field(min_length=10, max_length=256)
    roles: tuple[str, ...] = Field(min_length=1)
