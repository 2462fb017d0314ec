"""Examples made of takes."""

import numpy as np
import pytest

from tools.speech_model.features import CEPS, cepstra, log_mels
from tools.speech_model.mixing import FLOOR, Mixer, Source
from tools.speech_model.takes import Take, Takes

pytestmark = pytest.mark.unit


def source() -> Source:
    rng = np.random.default_rng(1)
    energies = np.concatenate([log_mels(rng.normal(size=4000).astype(np.float32) * 900) for _ in range(4)])
    frames = len(energies) // 4
    takes = tuple(Take(number * frames, frames, f"d{number % 2}", "有", (number + 1,)) for number in range(4))
    return Source(Takes(energies.astype(np.float16), takes), ((1.0, (0, 1, 2, 3)),), share=1.0, joined=0.5)


class TestMixer:
    def test_examples_are_said_by_one_speaker_and_hold_finite_features(self) -> None:
        mixer = Mixer([source()], [np.zeros((300, 40), dtype=np.float32)], seed=2)
        examples = [mixer.example() for _ in range(200)]
        assert all(one.features.shape[1] == CEPS and np.isfinite(one.features).all() for one in examples)
        assert {len({unit % 2 for unit in one.units}) for one in examples if one.units} == {1}
        assert any(len(one.units) > 1 for one in examples)
        assert any(not one.units for one in examples)

    def test_digital_silence_is_what_kaldi_makes_of_it(self) -> None:
        silent = cepstra(log_mels(np.zeros(1600, dtype=np.float32)))
        assert np.allclose(silent, cepstra(np.full((len(silent), 40), FLOOR, dtype=np.float32)), atol=1e-3)
