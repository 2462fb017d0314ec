"""Trains the network on examples made on the fly."""

import copy
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, IterableDataset

from tools.speech_model.features import Floats
from tools.speech_model.mixing import Example, Mixer
from tools.speech_model.network import Network, Shape, lay_out, output_frames, room_for

ROWS = 4800
GAP = 12
WARM_UP = 0.04
EMA = 0.99
FOLLOW_STEPS = 5
SHORTEST_FRAMES = 12
MASK_SHARE = 0.3
REPORT_STEPS = 20


@dataclass(frozen=True)
class Course:
    """How long and how fast to learn.

    Attributes:
        hours: Of speech at most.
        minutes: At most, by the clock.
        rate: Highest learning rate; it rises for a short while, then falls as a cosine.
        workers: Processes that make examples beside the one that learns; 0 makes them in between.
        seed: Of weights and examples.
    """

    hours: float
    minutes: float = math.inf
    rate: float = 2e-3
    workers: int = 0
    seed: int = 1


@dataclass(frozen=True)
class Batch:
    """Features laid out in one row, which outputs belong to which utterance, and what was said."""

    features: Tensor
    outputs: Tensor
    frames: Tensor
    units: Tensor
    unit_counts: Tensor


class Examples(IterableDataset[Batch]):
    """Batches of one size without end."""

    def __init__(self, mixer: Callable[[int], Mixer], context: int, seed: int) -> None:
        self._mixer = mixer
        self._context = context
        self._seed = seed

    def __iter__(self) -> Iterator[Batch]:
        info = torch.utils.data.get_worker_info()
        torch.set_num_threads(1)
        mixer = self._mixer(self._seed * 1000 + (info.id if info else 0))
        chosen: list[Example] = []
        used = 0
        while True:
            example = mixer.example()
            rows = room_for(len(example.features), min(GAP, self._context))
            if not _fits(example) or rows > ROWS:
                continue
            if used + rows > ROWS:
                yield make_batch(chosen, self._context)
                chosen, used = [], 0
            chosen.append(example)
            used += rows


def _fits(example: Example) -> bool:
    """CTC needs a frame per unit and one more between equal ones."""
    repeats = sum(one == two for one, two in zip(example.units, example.units[1:], strict=False))
    frames = len(example.features)
    return frames >= SHORTEST_FRAMES and output_frames(frames) >= len(example.units) + repeats + 1


def make_batch(examples: list[Example], context: int) -> Batch:
    """Lays out and joins."""
    features = [torch.from_numpy(_masked(one.features)) for one in examples]
    rows, firsts = lay_out(features, ROWS, context, min(GAP, context))
    frames = torch.tensor([output_frames(len(one)) for one in features])
    outputs = torch.minimum(torch.arange(int(frames.max()))[:, None], frames - 1) + firsts
    return Batch(
        rows,
        outputs,
        frames,
        torch.tensor([unit for one in examples for unit in one.units], dtype=torch.long),
        torch.tensor([len(one.units) for one in examples]),
    )


def measure(network: Network, batches: Iterator[Batch], count: int = 4) -> None:
    """Sets the features' mean and scale, which later fold into the first layer."""
    frames = torch.cat([next(batches).features for _ in range(count)])
    network.mean.copy_(frames.mean(dim=0))
    network.scale.copy_(1 / frames.std(dim=0).clamp(min=1e-3))


class Trainer:
    """Holds the network, its average and the optimiser.

    Args:
        shape: The network's sizes.
        mixer: Where examples come from; called with a seed in the process that makes them.
        course: How long.
        start: Weights to go on from.
    """

    def __init__(
        self, shape: Shape, mixer: Callable[[int], Mixer], course: Course, start: dict[str, Any] | None = None
    ) -> None:
        torch.manual_seed(course.seed)
        self._device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self._course = course
        self.network = Network(shape).to(self._device)
        examples = Examples(mixer, shape.context, course.seed)
        workers = course.workers
        extra: dict[str, Any] = {"prefetch_factor": 6, "persistent_workers": True} if workers else {}
        self._batches = iter(DataLoader(examples, batch_size=None, num_workers=workers, **extra))
        if start is None:
            measure(self.network, self._batches)
        else:
            self.network.load_state_dict(start)
        self.average = copy.deepcopy(self.network)
        self._optimiser = torch.optim.AdamW(self.network.parameters(), lr=course.rate, weight_decay=0.02, fused=True)
        self._seen = 0.0
        self._began = time.monotonic()
        self._steps = 0

    @property
    def hours(self) -> float:
        """Of speech learnt from so far."""
        return self._seen / 3600

    def run(self, save: Path | None = None, report: Callable[[str], None] = print) -> list[float]:
        """Learns until the course is over; the mean losses between reports, at least one."""
        losses: list[float] = []
        kept: list[float] = []
        self._began = time.monotonic()
        while self._done() < 1:
            losses.append(self._step(next(self._batches)))
            if self._steps % REPORT_STEPS == 0 or self._done() >= 1:
                kept.append(sum(losses) / len(losses))
                losses = []
                speed = self._seen / (time.monotonic() - self._began)
                report(f"{self._seen / 3600:.2f} h  loss {kept[-1]:.4f}  {speed:.0f} x real time")
                if save is not None:
                    torch.save(self.average.state_dict(), save.with_suffix(".partial"))
                    save.with_suffix(".partial").replace(save)
        return kept

    def _step(self, batch: Batch) -> float:
        for group in self._optimiser.param_groups:
            group["lr"] = self._course.rate * self._pace()
        log_probs = self.network(batch.features.to(self._device), batch.outputs.to(self._device))
        loss = _ctc(log_probs, batch)
        self._optimiser.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(self.network.parameters(), 2.0)
        self._optimiser.step()
        self._steps += 1
        self._seen += float(batch.frames.sum()) * 0.03
        if self._steps % FOLLOW_STEPS == 0:
            self._follow()
        return float(loss.detach())

    def _done(self) -> float:
        """Share of the course that is over; 1 and more at its end."""
        minutes = (time.monotonic() - self._began) / 60
        return max(self._seen / (self._course.hours * 3600), minutes / self._course.minutes)

    def _pace(self) -> float:
        done = min(1.0, self._done())
        return min(done / WARM_UP + 0.02, 1.0) * (0.5 + 0.5 * math.cos(math.pi * done)) + 0.004

    def _follow(self) -> None:
        """The average follows the network, more slowly the longer it has learnt."""
        keep = min(EMA, 1 - 1 / (self._steps / FOLLOW_STEPS / 10 + 1))
        with torch.no_grad():
            for mine, new in zip(self.average.parameters(), self.network.parameters(), strict=True):
                mine.lerp_(new, 1 - keep)
            for mine, new in zip(self.average.buffers(), self.network.buffers(), strict=True):
                if mine.is_floating_point():
                    mine.lerp_(new, 1 - keep)


def _ctc(log_probs: Tensor, batch: Batch) -> Tensor:
    """Loss per unit, so that long utterances count as their units do."""
    losses = nn.functional.ctc_loss(
        log_probs.cpu(), batch.units, batch.frames, batch.unit_counts, reduction="none", zero_infinity=True
    )
    return losses.sum() / (batch.unit_counts.sum() + len(batch.unit_counts))


def _masked(features: Floats) -> Floats:
    """Blanks out short stretches of some utterances."""
    if torch.rand(()) >= MASK_SHARE:
        return features
    features = features.copy()
    for _ in range(2):
        width = int(torch.randint(2, 10, ()))
        start = int(torch.randint(0, max(1, len(features) - width), ()))
        features[start : start + width] = features.mean(axis=0)
    return features
