"""The disposition table."""

from sqlalchemy import Boolean, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from core_api.kit.db import Base


class Disposition(Base):
    """One possible outcome; hospitals edit the rows, the library only seeds missing ones."""

    __tablename__ = "dispositions"

    key: Mapped[str] = mapped_column(String(32), primary_key=True)
    label: Mapped[str] = mapped_column(String(40))
    position: Mapped[int] = mapped_column(Integer)
    reached: Mapped[bool] = mapped_column(Boolean)
    retry: Mapped[str] = mapped_column(String(16))
    delay_minutes: Mapped[int] = mapped_column(Integer)
    attempts_limit: Mapped[int] = mapped_column(Integer)
    task_status: Mapped[str | None] = mapped_column(String(16))
    to_people: Mapped[bool] = mapped_column(Boolean)
    do_not_contact: Mapped[bool] = mapped_column(Boolean)
    deceased: Mapped[bool] = mapped_column(Boolean)
    wrong_number: Mapped[bool] = mapped_column(Boolean)
