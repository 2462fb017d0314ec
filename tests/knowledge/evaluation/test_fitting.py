"""What is chosen on gold questions: the ranking, how sure it is, the thresholds."""

import numpy as np
import pytest

from knowledge.evaluation import fitting
from knowledge.evaluation.fitting import REFUSED_MIN, ROUNDS, WRONG_MAX, Sample
from knowledge.evaluation.schemas import GoldIn
from knowledge.search.index import Look
from knowledge.search.judging import OF_ENTRY, OF_QUESTION, fits, ranks

QUESTIONS = 150
ENTRIES = 6


def samples(*, told_by: str, seed: int = 1) -> list[Sample]:
    """Questions whose right entry alone is high in one feature; every fifth has no right one, and none is high."""
    rng = np.random.default_rng(seed)
    found = []
    for number in range(QUESTIONS):
        closer = rng.uniform(0, 0.6, (ENTRIES, len(OF_ENTRY))).astype(np.float32)
        answered = number % 5 != 0
        place = int(rng.integers(ENTRIES))
        if answered:
            closer[place, OF_ENTRY.index(told_by)] = rng.uniform(0.7, 1)
        right = np.arange(ENTRIES) == place if answered else np.zeros(ENTRIES, bool)
        keys = tuple(f"k{one}" for one in range(ENTRIES))
        gold = GoldIn(question=f"第{number}问", expected=(keys[place],) if answered else (), kind="plain")
        found.append(Sample(gold, Look(keys, closer, (0.0,) * len(OF_QUESTION)), right))
    return found


@pytest.mark.unit
class TestFit:
    @pytest.mark.parametrize("feature", ["centre", "known_words", "aims_met"])
    def test_the_feature_that_tells_the_right_entry_weighs_most(self, feature: str) -> None:
        fitted = fitting.fit(samples(told_by=feature))
        assert OF_ENTRY[int(np.argmax(fitted.judge.rank))] == feature
        for one in samples(told_by=feature, seed=2):
            if one.look is not None and one.right.any():
                assert one.right[int(np.argmax(ranks(one.look.closer, fitted.judge)))]

    def test_it_is_the_same_every_time_and_fits_this_version(self) -> None:
        ones, others = (fitting.fit(samples(told_by="dense")) for _ in range(2))
        assert ones.judge == others.judge
        assert fits(ones.judge)
        assert len(ones.sure) == len(ones.right) == ROUNDS * QUESTIONS

    def test_questions_that_find_nothing_are_no_obstacle(self) -> None:
        nothing = Sample(GoldIn(question="嗯", expected=(), kind="out_of_scope"), None, np.zeros(0, bool))
        assert fits(fitting.fit([*samples(told_by="dense"), nothing]).judge)
        assert fitting.fit([nothing] * 10).judge.answer_at <= 1


@pytest.mark.unit
class TestThresholds:
    def test_few_wrong_answers_pass_and_most_without_an_answer_are_refused(self) -> None:
        rng = np.random.default_rng(3)
        without = np.arange(1000) % 4 == 0
        right = ~without & (rng.random(1000) < 0.9)
        sure = np.clip(np.where(right, 0.8, 0.35) + rng.normal(0, 0.12, 1000), 0, 1)
        answer_at, offer_at = fitting.thresholds(sure, right, without)
        assert ((sure >= answer_at) & ~right).mean() <= WRONG_MAX
        assert (sure[without] < offer_at).mean() >= REFUSED_MIN
        assert offer_at <= answer_at
        assert ((sure >= answer_at - 0.01) & ~right).mean() > WRONG_MAX, "lower would do"
