"""One error family: what went wrong, for people in Chinese, for programs as a code, with the field at fault."""

from typing import ClassVar


class ServiceError(Exception):
    """A refusal that its receiver can act on.

    Args:
        message: Chinese, for people; holds no personal data.
        code: Stable, for programs; the class's own when absent.
        field: Name of the field at fault, if one is.

    Attributes:
        items: One entry per problem where there are several, in the problem document's `errors`.
    """

    default_code: ClassVar[str] = "error"
    status: ClassVar[int] = 500
    retryable: ClassVar[bool] = False
    items: tuple[dict[str, str], ...] = ()

    def __init__(self, message: str, *, code: str | None = None, field: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or self.default_code
        self.field = field


class Invalid(ServiceError):
    default_code = "invalid"
    status = 422


class NotFound(ServiceError):
    default_code = "not_found"
    status = 404


class Unauthenticated(ServiceError):
    default_code = "unauthenticated"
    status = 401


class Forbidden(ServiceError):
    default_code = "forbidden"
    status = 403


class Conflict(ServiceError):
    default_code = "conflict"
    status = 409


class TooFast(ServiceError):
    default_code = "too_fast"
    status = 429
    retryable = True


class Unavailable(ServiceError):
    default_code = "unavailable"
    status = 503
    retryable = True
