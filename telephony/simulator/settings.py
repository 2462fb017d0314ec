"""What the simulator is told."""

from dataclasses import dataclass, field
from pathlib import Path

PERSONAS = Path(__file__).parent / "personas"


@dataclass(frozen=True)
class SimulatorSettings:
    """The carrier's account and its patients.

    Attributes:
        auth_token: Signs callbacks and is the REST password; shared with our side.
        pace: Times real pace.
        by_number: Persona key by E.164 number; the rest are drawn by weight.
        seed: The draw's seed: the same number and seed give the same persona.
        disorder: Share of calls whose callbacks come late, out of order and repeated.
        calls_per_second: Creates beyond it are refused with 429; none are if None.
        store: SQLite file of its calls; memory if None.
        voices: Folder of rendered persona speech.
        silent_voices: Personas send silence of the right length instead of speech (for load tests).
        transcripts: Words come beside the audio, as from a recogniser.
        recordings: Folder of a corpus; its speaker of syllables is one of the personas' voices.
        noise_db: Speech to noise on the line; no noise if None.
    """

    auth_token: str = field(repr=False)
    account_sid: str = "AC00000000000000000000000000000001"
    pace: float = 1.0
    personas: Path = PERSONAS
    by_number: dict[str, str] = field(default_factory=dict)
    only: str | None = None
    seed: int = 20261120
    disorder: float = 0.2
    calls_per_second: float | None = None
    store: Path | None = None
    voices: Path | None = None
    silent_voices: bool = False
    transcripts: bool = True
    recordings: Path | None = None
    noise_db: float | None = None
