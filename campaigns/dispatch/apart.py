"""Work on one campaign, whose failure keeps no other campaign from its turn."""

import logging
from collections.abc import Callable
from typing import TypeVar
from uuid import UUID

from sqlalchemy.exc import OperationalError

from core_api.kit.faults import described

log = logging.getLogger(__name__)
T = TypeVar("T")


def apart(campaign_id: UUID, work: Callable[[], T]) -> T | None:
    """What the work returns; None when it fails, which is logged and tried again in the next round.

    Raises:
        OperationalError: It is the database that fails, and so the round for all.
    """
    try:
        return work()
    except OperationalError:
        raise
    except Exception as error:  # noqa: BLE001 - the edge of one campaign's work in a round
        fields = {"campaign_id": campaign_id, "error": described(error)}
        log.error("a campaign could not be worked on", extra=fields)  # noqa: TRY400 - see faults
        return None
