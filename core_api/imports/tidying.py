"""What an import leaves behind when its process is killed, put right by whoever looks next."""

from pathlib import Path

from core_api.imports import repository, service, uploads
from core_api.kit.clock import Clock
from core_api.kit.db import Sessions


def tidy(sessions: Sessions, data_dir: Path, clock: Clock) -> int:
    """Ends interrupted runs and gives their uploaded files back; harmless as often as it is called.

    Returns:
        Runs ended.
    """
    with sessions.begin() as session:
        ended = service.end_interrupted(session, clock)
        running = repository.any_running(session)
    if ended and not running:
        uploads.release_all(data_dir)
    return len(ended)
