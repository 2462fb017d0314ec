"""From recordings to a model in one go, each stage kept so that it can go on after an interruption."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch

from tools.speech_model import recordings, vocabulary
from tools.speech_model.export import fold
from tools.speech_model.network import Shape
from tools.speech_model.package import Description, write_model
from tools.speech_model.sources import Mixture
from tools.speech_model.train import Course, Trainer

WEIGHTS = "weights.pt"
STATE = "state.json"


@dataclass(frozen=True)
class Plan:
    """What to build.

    Attributes:
        work: Folder for decoded speech, weights and the state of the training.
        target: Where the model goes.
        shape: The network's sizes.
        voices: Number of synthetic utterances.
        course: How long to learn.
        without: Speakers left out besides those kept for validation and test.
        limit: Take only so many recordings; for tests.
    """

    work: Path
    target: Path
    shape: Shape
    voices: int
    course: Course
    without: tuple[str, ...] = ()
    limit: int | None = None


def build(plan: Plan, report: Callable[[str], None] = print) -> list[float]:
    """Learns, goes on from weights that are there, and writes the model; the mean losses."""
    plan.work.mkdir(parents=True, exist_ok=True)
    mixture = Mixture(plan.work, plan.voices, plan.without, plan.limit)
    mixture.prepare()
    weights = plan.work / WEIGHTS
    start = torch.load(weights, weights_only=True) if weights.exists() else None
    hours = learnt_hours(plan)
    trainer = Trainer(plan.shape, mixture.mixer, plan.course, start)
    losses = trainer.run(weights, report)
    hours += trainer.hours
    (plan.work / STATE).write_text(json.dumps({"hours": round(hours, 2)}), encoding="utf-8")
    export(plan, hours)
    return losses


def learnt_hours(plan: Plan) -> float:
    """Hours of speech that the weights kept so far have learnt from."""
    state = plan.work / STATE
    return float(json.loads(state.read_text("utf-8"))["hours"]) if state.exists() else 0.0


def export(plan: Plan, hours: float) -> None:
    """Writes the model of the weights kept so far."""
    weights = torch.load(plan.work / WEIGHTS, weights_only=True)
    layers = fold({name: value.numpy() for name, value in weights.items()}, plan.shape.reaches)
    listed = [row["text"] for row in recordings.manifest() if row["kind"] == "hanzi"]
    unseen = tuple(sorted({*recordings.VALIDATION, *recordings.TEST, *plan.without}))
    write_model(layers, vocabulary.lexicon(listed), plan.target, Description("huifang-cn", hours, unseen))
