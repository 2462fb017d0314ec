"""What the static embedding learns from: pairs of texts that mean the same, as the tokens that it reads."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterable, Sequence
from itertools import pairwise
from pathlib import Path

from core_api.kit.errors import ServiceError
from knowledge.entries.schemas import Content
from knowledge.search.dense import StaticEncoder, tokens_of
from knowledge.search.text import Analyser

TIMEOUT_SECONDS = 3_600
Texts = tuple[str, str]


class TrainingFailed(ServiceError):
    default_code = "training_failed"
    status = 503


def of_contents(contents: Iterable[Content]) -> list[Texts]:
    """Wordings of one entry with one another, and with the answer."""
    found: list[Texts] = []
    for content in contents:
        found += [(variant, content.question) for variant in content.variants]
        found += pairwise(content.variants)
        if content.text_chat:
            found.append((content.question, content.text_chat))
    return found


def train(
    pairs: Sequence[Texts], analyser: Analyser, folder: Path, interpreter: Path, epochs: int | None = None
) -> StaticEncoder:
    """Trains a static embedding in the environment of `interpreter` and puts it into `folder`, whole or not at all.

    Raises:
        TrainingFailed: The command failed; the folder is as it was.
    """
    partial = folder.with_name(f"{folder.name}.{os.getpid()}")
    partial.mkdir(parents=True, exist_ok=True)
    try:
        written = partial / "pairs.jsonl"
        written.write_text("\n".join(_lines(pairs, analyser)), "utf-8")
        command = [str(interpreter), "-m", "knowledge.training", str(written), str(partial)]
        command += ["--epochs", str(epochs)] if epochs else []
        root = Path(__file__).resolve().parents[2]
        done = subprocess.run(  # noqa: S603 - our own interpreter and module
            command, cwd=root, capture_output=True, text=True, timeout=TIMEOUT_SECONDS, check=False
        )
        if done.returncode:
            raise TrainingFailed("训练没有完成：" + (done.stderr.strip().splitlines() or [""])[-1][:200])
        written.unlink()
        shutil.rmtree(folder, ignore_errors=True)
        partial.rename(folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return StaticEncoder.load(folder)


def _lines(pairs: Sequence[Texts], analyser: Analyser) -> Iterable[str]:
    ones, others = (_tokens([pair[side] for pair in pairs], analyser) for side in (0, 1))
    for one, other in zip(ones, others, strict=True):
        yield json.dumps([one, other])


def _tokens(texts: Sequence[str], analyser: Analyser) -> list[str]:
    """Each text as the hexadecimal numbers of its tokens."""
    counted = tokens_of(analyser.count(texts))
    found: list[list[str]] = [[] for _ in texts]
    for document, term in zip(counted.documents.tolist(), counted.terms.tolist(), strict=True):
        found[document].append(f"{term:x}")
    return [" ".join(tokens) for tokens in found]
