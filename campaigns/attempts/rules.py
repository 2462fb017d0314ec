"""The state machine of an attempt."""

from types import MappingProxyType

from campaigns.attempts.schemas import AttemptState as S

TRANSITIONS = MappingProxyType(
    {
        S.PLANNED: frozenset({S.LEASED}),
        S.LEASED: frozenset({S.PLANNED, S.DIALLING, S.ENDED}),
        S.DIALLING: frozenset({S.IN_CALL, S.ENDED, S.UNKNOWN}),
        S.IN_CALL: frozenset({S.ENDED, S.UNKNOWN}),
        S.UNKNOWN: frozenset({S.IN_CALL, S.ENDED}),
        S.ENDED: frozenset[S](),
    }
)
WITHDRAWABLE = (S.PLANNED, S.LEASED)
LIVE = (S.PLANNED, S.LEASED, S.DIALLING, S.IN_CALL, S.UNKNOWN)
ON_THE_LINE = (S.DIALLING, S.IN_CALL, S.UNKNOWN)


def sources_of(state: S) -> tuple[S, ...]:
    """The states from which `state` may be entered."""
    return tuple(source for source, targets in TRANSITIONS.items() if state in targets)
