"""Everything that can be set, read once per process from the environment (prefix HUIFANG_) and passed in."""

import json
import os
import secrets
from datetime import time
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from telephony.api import SHIPPED, Hearing, Retention

ROOT = Path(__file__).resolve().parents[1]
SECRET_BYTES = 24


class Settings(BaseSettings):
    """The settings of one process; what is empty is derived from the rest."""

    model_config = SettingsConfigDict(env_prefix="HUIFANG_", frozen=True, extra="ignore")

    hospital_name: str = "示例医院"
    time_zone: str = "Asia/Shanghai"
    data_dir: Path = ROOT / "data"
    database_url: str = Field("", description="SQLAlchemy URL; empty: SQLite in the data directory")
    keyring_path: Path | None = Field(None, description="Key ring file; empty: keyring.json in the data directory")

    web_host: str = "127.0.0.1"
    web_port: int = Field(8600, ge=1, le=65535)
    internal_url: str = Field(
        "", description="Where other web processes reach this one; empty: its own address with its port"
    )
    public_base_url: str = Field("", description="Where a carrier reaches the web process; empty: its own address")
    web_dist: Path = ROOT / "admin_web" / "dist"
    chat_dist: Path = ROOT / "patient_web" / "dist"
    chat_frame_ancestors: str = Field("'self'", description="Sites that may show the chat in a frame, as CSP sources")

    rasa_host: str = "127.0.0.1"
    rasa_port: int = Field(8605, ge=1, le=65535)
    rasa_url: str = Field("", description="Where Rasa answers; empty: rasa_host and rasa_port")
    rasa_timeout_seconds: float = Field(3.0, gt=0)

    knowledge_model: Path | None = Field(
        None, description="Folder of a sentence-transformers model (bge, gte) to find with; empty: the static embedding"
    )

    broker_url: str = Field("memory://", description="Celery's broker; memory:// runs the worker in the web process")
    redis_url: str = Field("", description="Where processes share counts; empty: the broker, if that is Redis")
    worker_threads: int = Field(4, ge=1)
    max_concurrent_calls: int = Field(20, ge=1)

    carrier: str = "simulator"
    simulator_host: str = "127.0.0.1"
    simulator_port: int = Field(8610, ge=1, le=65535)
    simulator_url: str = ""
    simulator_pace: float = Field(1.0, gt=0, description="1 is real time; 10 plays calls ten times faster")
    simulator_retry_pace: float = Field(
        1.0, gt=0, description="Waits between tries on the simulator pass so many times faster, promised times too"
    )
    simulator_personas: dict[str, str] = Field(
        default_factory=dict, description="JSON: who answers which number, by persona key; others are drawn by weight"
    )
    simulator_silent_voices: bool = Field(False, description="Personas send silence of the right length, not speech")
    simulator_recordings: Path | None = Field(
        None, description="Folder of recorded syllables with manifest.csv; empty: personas speak with espeak-ng alone"
    )
    simulator_noise_db: float | None = Field(None, description="Speech to noise on simulated lines in dB; empty: none")
    simulator_persona: str = Field("", description="Who answers every simulated call; empty: drawn by weight")
    caller_id: str = "+862012345678"
    caller_ids: dict[str, Annotated[str, Field(pattern=r"^\+[1-9]\d{7,14}$")]] = Field(
        default_factory=dict, description="JSON: number shown when staff of a department dial; others show caller_id"
    )
    dial_start: time = Field(time(8, 0), description="From when on staff dial patients without giving a reason")
    dial_end: time = time(21, 0)
    dial_daily_cap: int = Field(3, ge=1, le=20, description="Calls to a patient a day before staff give a reason")
    transfer_number: str = Field("", description="Where a patient who wants a person is connected; empty: nobody is")
    transfer_start: time = time(8, 0)
    transfer_end: time = time(17, 30)
    transfer_weekdays: frozenset[int] = Field(frozenset(range(1, 6)), description="ISO weekdays, 1 is Monday")
    twilio_account_sid: str = ""
    twilio_auth_token: SecretStr = SecretStr("")

    asterisk_url: str = Field("", description="Asterisk's HTTP server, e.g. http://127.0.0.1:8088; empty: no Asterisk")
    asterisk_user: str = "huifang"
    asterisk_password: SecretStr = SecretStr("")
    asterisk_app: str = Field("huifang", pattern=r"^[a-z0-9]{1,40}$", description="Name of the Stasis application")
    asterisk_endpoint: str = Field("Local/{number}@huifang-out/n", pattern=r"\{number\}")
    asterisk_transfer_context: str = Field("huifang-transfer", pattern=r"^[\w-]{1,79}$")
    asterisk_format: Literal["alaw", "ulaw", "slin"] = "alaw"
    asterisk_media: Literal["websocket", "audiosocket"] = "websocket"
    asterisk_audiosocket_host: str = Field("127.0.0.1", description="Our address that Asterisk connects to")
    asterisk_audiosocket_port: int = Field(8612, ge=0, le=65535)

    wechat_accounts: SecretStr = Field(
        SecretStr(""),
        description="JSON list of {name, kind: official or mini_program, app_id, app_secret, token, aes_key}",
    )
    wechat_url: str = "https://api.weixin.qq.com"

    recognition: Hearing = Field(
        "auto",
        description="How calls are heard: vosk, sherpa, transcripts (the simulator's), off (keys only), or auto:"
        " transcripts on the simulator, a Vosk model elsewhere",
    )
    vosk_model: Path | None = Field(
        None, description="A Vosk model's folder; empty: the shipped, then an installed one"
    )

    recording_days: dict[str, Annotated[int, Field(ge=1, le=36_500)]] = Field(
        default_factory=dict,
        description="JSON: days that recordings are kept, by kind: unheard, inbound, a questionnaire's key, other",
    )

    sherpa_model: Path | None = Field(
        None, description="A streaming sherpa-onnx transducer's folder, for HUIFANG_RECOGNITION=sherpa"
    )

    log_level: str = "INFO"

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    @property
    def database(self) -> str:
        return self.database_url or f"sqlite:///{self.data_dir / 'huifang.db'}"

    @property
    def keyring(self) -> Path:
        return self.keyring_path or self.data_dir / "keyring.json"

    @property
    def web_url(self) -> str:
        host = "127.0.0.1" if self.web_host == "0.0.0.0" else self.web_host  # noqa: S104 - compared, never bound
        return f"http://{host}:{self.web_port}"

    @property
    def internal_address(self) -> str:
        return (self.internal_url or self.web_url).rstrip("/")

    @property
    def public_url(self) -> str:
        return (self.public_base_url or self.web_url).rstrip("/")

    @property
    def rasa(self) -> str:
        return (self.rasa_url or f"http://{self.rasa_host}:{self.rasa_port}").rstrip("/")

    @property
    def simulator(self) -> str:
        return (self.simulator_url or f"http://{self.simulator_host}:{self.simulator_port}").rstrip("/")

    @property
    def speech_models(self) -> list[Path]:
        """Folders of models, the preferred first; only the one that is set, where one is."""
        if self.vosk_model is not None:
            return [self.vosk_model]
        installed = self.data_dir / "models"
        own = [path for path in installed.iterdir() if path.is_dir()] if installed.is_dir() else []
        return [SHIPPED, *sorted(path for path in own if path.name[0] != ".")]

    @property
    def retention(self) -> Retention:
        """The days that are set beside the usual ones."""
        return Retention(dict(Retention().days) | self.recording_days)

    @property
    def redis(self) -> str:
        """Redis's address; empty where there is none."""
        return self.redis_url or (self.broker_url if self.broker_url.startswith(("redis://", "rediss://")) else "")

    @property
    def runs_worker_in_process(self) -> bool:
        return self.broker_url.startswith("memory:")


class LocalSecrets(BaseModel):
    """Secrets that our own processes share; made once, kept in the data directory for its owner only."""

    model_config = ConfigDict(frozen=True)

    simulator_account_sid: str
    simulator_auth_token: str
    actions_token: str

    @classmethod
    def load_or_create(cls, data_dir: Path) -> "LocalSecrets":
        """Reads `secrets.json`, or makes it; of two processes that make it at once, one wins for both."""
        path = data_dir / "secrets.json"
        if not path.exists():
            data_dir.mkdir(parents=True, exist_ok=True)
            _write_new(path, cls._generate().model_dump())
        return cls.model_validate_json(path.read_text("utf-8"))

    @classmethod
    def _generate(cls) -> "LocalSecrets":
        return cls(
            simulator_account_sid="AC" + secrets.token_hex(16),
            simulator_auth_token=secrets.token_hex(16),
            actions_token=secrets.token_urlsafe(SECRET_BYTES),
        )


def _write_new(path: Path, data: dict[str, str]) -> None:
    """Writes a file of mode 0600 that appears whole; keeps one that another process put there first."""
    partial = path.with_name(f"{path.name}.{os.getpid()}")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(data, file)
    try:
        os.link(partial, path)
    except FileExistsError:
        return
    finally:
        partial.unlink()
