"""A critical laboratory value becomes an alert."""

from uuid import UUID

from sqlalchemy.orm import Session

from core_api.alerts import service as alerts
from core_api.alerts.schemas import AlertIn
from core_api.kit.clock import Clock, SystemClock
from core_api.kit.outbox import Event
from core_api.observations import repository, rules

SOURCE_KIND = "observation"


def on_critical(session: Session, event: Event) -> None:
    """Outbox handler of "observation.critical"; told again, or corrected to another critical value, it alarms once.

    Results that the laboratory has put right meanwhile, and old ones that an import brings in, alarm nobody.
    """
    clock: Clock = session.info.get("clock") or SystemClock()
    row = repository.get(session, UUID(str(event.data["observation_id"])))
    if row is None or not row.critical:
        return
    level = rules.alert_level(row.sampled_at, clock.now())
    if level is None:
        return
    high = rules.is_critically_high(row.code, row.unit, row.value)
    text = f"检验危急值：{row.name} {row.value_text} {row.unit or ''}".rstrip() + ("，偏高" if high else "，偏低")
    alert = AlertIn(
        patient_id=row.patient_id,
        level=level,
        rule_key=f"critical_{row.code.lower()}_{'high' if high else 'low'}",
        text=text,
        source_kind=SOURCE_KIND,
        source_id=row.id,
    )
    alerts.raise_alert(session, alert, clock)
