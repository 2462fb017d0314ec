"""python -m tools.speech_model: makes the recogniser that ships, or goes on making it."""

import argparse
import math
from pathlib import Path

import torch

from tools.locations import ROOT, cache_dir
from tools.progress import say
from tools.speech_model.build import Plan, build, export, learnt_hours
from tools.speech_model.network import Shape
from tools.speech_model.train import Course

TARGET = ROOT / "telephony" / "speech" / "model"


def main() -> None:
    parser = argparse.ArgumentParser(prog="speech_model", description="Makes the recogniser that ships.")
    parser.add_argument("--work", type=Path, default=cache_dir() / "speech", help="decoded speech, weights, state")
    parser.add_argument("--target", type=Path, default=TARGET)
    parser.add_argument("--hours", type=float, default=150.0, help="of speech to learn from, each seen once")
    parser.add_argument("--minutes", type=float, default=math.inf, help="at most, by the clock")
    parser.add_argument("--rate", type=float, default=3e-3, help="highest learning rate")
    parser.add_argument("--without", nargs="*", default=[], help="speakers kept out, to measure with them")
    parser.add_argument("--fast", action="store_true", help="tiny and quick, to see that all of it runs")
    parser.add_argument("--export-only", action="store_true", help="write the model of the weights kept so far")
    chosen = parser.parse_args()
    course = Course(chosen.hours, minutes=chosen.minutes, rate=chosen.rate)
    plan = Plan(chosen.work, chosen.target, Shape(), 7500, course, tuple(chosen.without))
    if chosen.fast:
        course = Course(0.05, rate=chosen.rate, workers=0)
        plan = Plan(chosen.work, chosen.target, Shape(32, 2), 16, course, tuple(chosen.without), limit=120)
    torch.set_num_threads(1)
    if chosen.export_only:
        export(plan, learnt_hours(plan))
    else:
        build(plan, say)
    say(f"✓ {plan.target}")


if __name__ == "__main__":
    main()
