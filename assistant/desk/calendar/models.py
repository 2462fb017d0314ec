"""The hospital's own days."""

from datetime import date

from sqlalchemy import Date, String
from sqlalchemy.orm import Mapped, mapped_column

from core_api.kit.db import Base


class CalendarDayRow(Base):
    """A day that is not what its weekday says: a public holiday, or a weekend day that is worked instead."""

    __tablename__ = "calendar_days"

    day: Mapped[date] = mapped_column(Date, primary_key=True)
    kind: Mapped[str] = mapped_column(String(8))
    name: Mapped[str] = mapped_column(String(40))
