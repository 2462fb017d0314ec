"""An index's large segment as a file: loads in a moment what takes long to build; a damaged file is no file."""

import hashlib
import json
import logging
import os
from dataclasses import asdict
from pathlib import Path
from typing import Any
from uuid import UUID
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from knowledge.search.dense import Vectors
from knowledge.search.lexical import Postings, Weights
from knowledge.search.segment import Known, Segment
from knowledge.search.text import FAMILIES, Marks

log = logging.getLogger(__name__)
FORMAT = 3
"""Raised whenever texts are read, or kept, in another way than before."""
CHUNK_BYTES = 1 << 20
Arrays = dict[str, NDArray[Any]]


def save(folder: Path, version: int, fingerprint: str, segment: Segment, weights: dict[str, Weights]) -> None:
    """Writes the segment and then its seal; of two processes that do so at once, the last wins whole."""
    folder.mkdir(parents=True, exist_ok=True)
    partial = folder / f"index.{os.getpid()}.npz"
    with partial.open("wb") as file:
        arrays: dict[str, Any] = {**_arrays(segment, weights)}
        np.savez(file, **arrays)
    name = f"index-{_sha256(partial)[:32]}.npz"
    partial.replace(folder / name)
    seal = folder / f"index.{os.getpid()}.json"
    written = {"format": FORMAT, "version": version, "fingerprint": fingerprint, "file": name}
    seal.write_text(json.dumps(written), "utf-8")
    seal.replace(folder / "index.json")
    for old in folder.glob("index-*.npz"):
        if old.name != name:
            old.unlink(missing_ok=True)


def load(folder: Path, fingerprint: str) -> tuple[int, Segment, dict[str, Weights]] | None:
    """The version, segment and weights that were saved for this fingerprint; None where there is nothing sound."""
    try:
        seal = json.loads((folder / "index.json").read_text("utf-8"))
        if seal["format"] != FORMAT or seal["fingerprint"] != fingerprint:
            return None
        path = folder / str(seal["file"])
        if f"index-{_sha256(path)[:32]}.npz" != path.name:
            log.warning("knowledge index file is damaged; it is built anew")
            return None
        with np.load(path) as arrays:
            segment, weights = _segment({name: arrays[name] for name in arrays.files})
        return int(seal["version"]), segment, weights
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, BadZipFile):
        log.warning("knowledge index file cannot be read; it is built anew")
        return None


def _arrays(segment: Segment, weights: dict[str, Weights]) -> Arrays:
    meta = {
        "entries": [asdict(entry) | {"audience": sorted(entry.audience)} for entry in segment.entries],
        "weights": {name: [one.rarest, one.mean_length] for name, one in weights.items()},
    }
    arrays: Arrays = {
        "meta": _bytes(json.dumps(meta, default=str)),
        "texts": _bytes("\0".join(segment.texts)),
        "owner": segment.owner,
        "valid": segment.valid,
        "written": segment.marks.written,
        "spoken": segment.marks.spoken,
        "aims": segment.marks.aims,
    }
    for name in FAMILIES:
        postings, weighed = segment.families[name], weights[name]
        for field in ("terms", "offsets", "documents", "own", "length"):
            arrays[f"{name}.{field}"] = getattr(postings, field)
        arrays[f"{name}.weight_terms"], arrays[f"{name}.weights"] = weighed.terms, weighed.values
    if segment.vectors is not None:
        arrays["vectors"] = segment.vectors.rows
    return arrays


def _segment(arrays: Arrays) -> tuple[Segment, dict[str, Weights]]:
    meta = json.loads(arrays["meta"].tobytes())
    texts = arrays["texts"].tobytes().decode("utf-8")
    weights = {
        name: Weights(arrays[f"{name}.weight_terms"], arrays[f"{name}.weights"], *meta["weights"][name])
        for name in FAMILIES
    }
    families = {
        name: Postings(*(arrays[f"{name}.{field}"] for field in ("terms", "offsets", "documents", "own", "length")))
        for name in FAMILIES
    }
    entries = [
        Known(**one | {"entry_id": UUID(one["entry_id"]), "revision_id": UUID(one["revision_id"])} | _tags(one))
        for one in meta["entries"]
    ]
    segment = Segment(
        entries=tuple(entries),
        texts=texts.split("\0") if texts else [],
        owner=arrays["owner"],
        valid=arrays["valid"],
        families=families,
        vectors=Vectors(arrays["vectors"]) if "vectors" in arrays else None,
        marks=Marks(arrays["written"], arrays["spoken"], arrays["aims"]),
    )
    return segment, weights


def _tags(entry: dict[str, Any]) -> dict[str, frozenset[str]]:
    return {"audience": frozenset(entry["audience"])}


def _bytes(text: str) -> NDArray[np.uint8]:
    return np.frombuffer(text.encode("utf-8"), np.uint8)


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()
