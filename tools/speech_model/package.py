"""Puts a model together as Vosk reads it, with a manifest of what it is and what it was made from."""

import hashlib
import json
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from tools.speech_model.export import Affine, final_mdl
from tools.speech_model.features import CONF
from tools.speech_model.graph import write_graph
from tools.speech_model.transitions import BOUNDARIES, SILENCE, phones

MANIFEST = "manifest.json"
MODEL_CONF = {
    "min-active": "200",
    "max-active": "3000",
    "beam": "21.0",
    "lattice-beam": "8.0",
    "acoustic-scale": "2.0",
    "frame-subsampling-factor": "3",
    "endpoint.silence-phones": str(SILENCE),
    "endpoint.rule2.min-trailing-silence": "0.5",
    "endpoint.rule3.min-trailing-silence": "0.75",
    "endpoint.rule4.min-trailing-silence": "1.0",
}
SOURCES = {
    "a": "Recordings of Yue Tan (Shtooka), github.com/hugolpz/audio-cmn, CC BY-SA",
    "b": "Recordings of Chen Wang, github.com/hugolpz/audio-cmn, CC BY-SA",
    "d": "DSPSpeech-20, github.com/zhongyuchen/DSPSpeech-20, MIT",
    "espeak": "Synthetic speech by espeak-ng",
}
LICENCE = "CC BY-SA 4.0"


@dataclass(frozen=True)
class Description:
    """What the manifest says of a model.

    Attributes:
        name: Of the model.
        trained_hours: Hours of speech that training saw.
        unseen: Speakers that training never saw.
    """

    name: str
    trained_hours: float
    unseen: tuple[str, ...]


def write_model(layers: list[Affine], words: Iterable[str], folder: Path, about: Description) -> None:
    """Writes the model's folder anew, its graph and its manifest with checksums."""
    if folder.exists():
        shutil.rmtree(folder)
    for name in ("am", "conf", "graph/phones"):
        (folder / name).mkdir(parents=True)
    listed = list(words)
    (folder / "am" / "final.mdl").write_bytes(final_mdl(layers))
    _write_conf(folder / "conf" / "mfcc.conf", CONF)
    _write_conf(folder / "conf" / "model.conf", MODEL_CONF)
    boundaries = [f"{number} {_boundary(name)}" for number, name in sorted(phones().items())]
    (folder / "graph" / "phones" / "word_boundary.int").write_text("\n".join(boundaries) + "\n", encoding="utf-8")
    write_graph(listed, folder / "graph")
    write_manifest(folder, about, len(listed))


def write_manifest(folder: Path, about: Description, words: int) -> None:
    """Checksums of every file, sources and licence."""
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != MANIFEST)
    manifest = {
        "name": about.name,
        "licence": LICENCE,
        "sources": [source for speaker, source in SOURCES.items() if speaker not in about.unseen],
        "trained_hours": round(about.trained_hours, 1),
        "unseen_speakers": about.unseen,
        "words": words,
        "bytes": sum(path.stat().st_size for path in files),
        "files": {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files},
    }
    text = json.dumps(manifest, ensure_ascii=False, indent=2)
    (folder / MANIFEST).write_text(text + "\n", encoding="utf-8")


def _write_conf(path: Path, options: dict[str, str]) -> None:
    path.write_text("".join(f"--{name}={value}\n" for name, value in options.items()), encoding="utf-8")


def _boundary(name: str) -> str:
    return BOUNDARIES[name[-1]] if name[-2:-1] == "_" else "nonword"
