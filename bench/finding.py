"""The knowledge base with 100,000 entries: building and loading the index, memory, one question after the other."""

import random
import resource
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from bench.figures import Figure, at_most, percentile
from knowledge.entries.schemas import Content, Live
from knowledge.search import files, index
from knowledge.search.dense import StaticEncoder
from knowledge.search.finder import SHIPPED
from knowledge.search.rules import decide, shipped
from knowledge.search.text import Analyser
from knowledge.starter import service as starter

FULL_ENTRIES = 100_000
WORDINGS = 3
QUESTIONS = 400
PLACES = "东西南北中上下前后左右红黄蓝绿白黑金木水火土春夏秋冬一二三四五六七八九十甲乙丙丁戊己庚辛"
NOW = datetime(2026, 11, 21, tzinfo=UTC)


def measure(scale: float) -> list[Figure]:
    entries = max(2_000, int(FULL_ENTRIES * scale))
    chance = random.Random(7)
    analyser = Analyser(*starter.words())
    encoder = StaticEncoder.load(SHIPPED)
    lives = _lives(entries, chance)
    begun, worked = time.monotonic(), time.process_time()
    found = index.build(lives, analyser, encoder, 1, 0)
    if found.base.vectors is not None:
        found.base.vectors.warm_up()
    built, worked = time.monotonic() - begun, time.process_time() - worked
    with tempfile.TemporaryDirectory() as folder:
        files.save(Path(folder), 1, "bench", found.base, dict(found.weights))
        begun = time.monotonic()
        files.load(Path(folder), "bench")
        loaded = time.monotonic() - begun
    took, busy = _ask(found, [live.content.question for live in chance.sample(lives, QUESTIONS) if live.content])
    note = f"{entries} entries, {entries * WORDINGS} wordings"
    peak_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return [
        Figure("finding, index built", built, "s", note=note),
        Figure("finding, index built, processor time", worked, "s", note=note),
        Figure("finding, index loaded from its file", loaded, "s", note=note),
        Figure("finding, resident memory at most", peak_mib, "MiB", note=note),
        Figure("finding, a question p50", percentile(took, 0.5), "ms", note=note),
        Figure("finding, a question's processor time p95", percentile(busy, 0.95), "ms", note=note),
        at_most("finding, a question p95", percentile(took, 0.95), "ms", 20.0, note),
    ]


def _lives(entries: int, chance: random.Random) -> list[Live]:
    """The starter library's wordings, each entry about a place of its own."""
    library = [content for _, content in starter.contents()]
    found = []
    for number in range(entries):
        content = library[number % len(library)]
        place = "".join(chance.choices(PLACES, k=3)) + "楼"
        wordings = [f"{place}{text}" for text in content.wordings[:WORDINGS]]
        made = Content.model_construct(question=wordings[0], variants=tuple(wordings[1:]), text_chat="")
        key = UUID(int=number + 1)
        found.append(Live.model_construct(entry_id=key, key=f"e{number}", revision_id=key, revision=1, content=made))
    return found


def _ask(found: index.Index, questions: list[str]) -> tuple[list[float], list[float]]:
    """Milliseconds by the clock, and of processor time, which other work on the machine does not lengthen."""
    took, busy = [], []
    for question in questions:
        begun, worked = time.perf_counter(), time.thread_time()
        decide(found.search(f"请问{question}呀", shipped(), NOW), found.judge(shipped()))
        took.append((time.perf_counter() - begun) * 1000)
        busy.append((time.thread_time() - worked) * 1000)
    return took, busy
