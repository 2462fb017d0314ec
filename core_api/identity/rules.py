"""Which role may do what; how often a password may be tried."""

from datetime import datetime, timedelta
from functools import lru_cache

ADMINISTRATOR, NURSE, CLINICIAN, AUDITOR = "administrator", "nurse", "clinician", "auditor"
KNOWLEDGE_EDITOR = "knowledge_editor"
ROLE_TITLES = {
    ADMINISTRATOR: "管理员",
    NURSE: "随访护士",
    CLINICIAN: "医生",
    AUDITOR: "审计员",
    KNOWLEDGE_EDITOR: "知识编辑",
}

MAX_FAILURES = 5
LOCK = timedelta(minutes=15)

_NAMES = """patients.read patients.reveal patients.write tasks.read tasks.write
    campaigns.read campaigns.write campaigns.run calls.read calls.listen calls.talk calls.dial
    calls.write alerts.read alerts.acknowledge alerts.write rechecks.read rechecks.resolve rechecks.write
    prompts.read prompts.write prompts.review
    imports.run imports.read questionnaires.read questionnaires.write questionnaires.publish
    plans.read plans.write workbench.read responses.read responses.write
    conversations.read conversations.write audit.read users.read users.write
    desk.read desk.work desk.manage safety.read safety.write safety.publish
    knowledge.read knowledge.write knowledge.propose knowledge.review knowledge.publish knowledge.settings"""
_PERMISSIONS = frozenset(_NAMES.split())


def _matching(*patterns: str) -> frozenset[str]:
    prefixes = tuple(pattern.removesuffix("*") for pattern in patterns if pattern.endswith(".*"))
    return frozenset(name for name in _PERMISSIONS if name in patterns or (prefixes and name.startswith(prefixes)))


_BY_ROLE = {
    # Safety rules are published by a clinician, whoever else may write them.
    ADMINISTRATOR: _PERMISSIONS - {"safety.publish"},
    NURSE: _matching(
        "patients.read", "patients.reveal", "tasks.*", "campaigns.*", "calls.read", "calls.listen", "calls.talk",
        "calls.dial",
        "alerts.read", "alerts.acknowledge", "rechecks.*", "imports.*", "questionnaires.read", "plans.read",
        "workbench.read", "responses.*", "conversations.*", "prompts.read", "prompts.write",
        "desk.read", "desk.work", "safety.read", "knowledge.read",
        "knowledge.propose",
    ),
    CLINICIAN: _matching(
        "patients.read", "patients.reveal", "tasks.read", "campaigns.read", "calls.read", "calls.listen", "calls.talk",
        "calls.dial",
        "alerts.*", "rechecks.*", "questionnaires.*", "plans.*", "workbench.read", "responses.*", "conversations.read",
        "prompts.*",
        "desk.*", "safety.*",
        "knowledge.read", "knowledge.write", "knowledge.propose", "knowledge.review",
    ),
    AUDITOR: _matching("audit.read", "patients.read", "calls.read"),
    KNOWLEDGE_EDITOR: _matching("knowledge.*"),
}  # fmt: skip


def permissions_of(roles: tuple[str, ...] | list[str]) -> frozenset[str]:
    """Everything the roles allow; an unknown role allows nothing."""
    return _united(tuple(roles))


@lru_cache(maxsize=64)
def _united(roles: tuple[str, ...]) -> frozenset[str]:
    return frozenset().union(*(_BY_ROLE.get(role, frozenset()) for role in roles))


def unknown_roles(roles: tuple[str, ...]) -> tuple[str, ...]:
    """Roles that do not exist."""
    return tuple(role for role in roles if role not in _BY_ROLE)


def is_locked(failures: int, first_at: datetime, now: datetime) -> bool:
    """Whether a user name must wait: MAX_FAILURES wrong passwords lock it for LOCK from the first of them."""
    return failures >= MAX_FAILURES and now < first_at + LOCK


def count_after_failure(failures: int, first_at: datetime, now: datetime) -> tuple[int, datetime]:
    """The count and its start after one more failure; a count older than LOCK begins anew."""
    return (failures + 1, first_at) if now < first_at + LOCK else (1, now)
