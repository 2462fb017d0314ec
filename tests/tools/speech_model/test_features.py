"""Our MFCC against Kaldi's own."""

import kaldi_native_fbank as knf
import numpy as np
import pytest

from tools.speech_model.features import RATE_HZ, mfcc

pytestmark = pytest.mark.unit


def kaldi(samples: np.ndarray) -> np.ndarray:
    options = knf.MfccOptions()
    options.frame_opts.samp_freq = RATE_HZ
    options.frame_opts.dither = 0
    options.mel_opts.num_bins = options.num_ceps = 40
    options.mel_opts.low_freq, options.mel_opts.high_freq = 20, -400
    options.use_energy = False
    computer = knf.OnlineMfcc(options)
    computer.accept_waveform(RATE_HZ, samples.tolist())
    computer.input_finished()
    return np.stack([computer.get_frame(number) for number in range(computer.num_frames_ready)])


class TestMfcc:
    @pytest.mark.parametrize("level", [3.0, 300.0, 12000.0])
    def test_agrees_with_kaldi_at_every_level(self, level: float) -> None:
        rng = np.random.default_rng(0)
        samples = (rng.normal(size=8000) * level * np.sin(np.arange(8000) * 0.02)).astype(np.float32)
        ours, theirs = mfcc(samples), kaldi(samples)
        assert ours.shape == theirs.shape
        assert np.abs(ours - theirs).max() < 2e-3

    def test_a_longer_step_makes_speech_faster(self) -> None:
        samples = np.random.default_rng(1).normal(size=8000).astype(np.float32) * 100
        assert len(mfcc(samples, step=160.0)) == pytest.approx(len(mfcc(samples)) / 2, abs=1)

    def test_a_warped_axis_moves_a_tone(self) -> None:
        time = np.arange(4000) / RATE_HZ
        tone = (3000 * np.sin(2 * np.pi * 1000 * time)).astype(np.float32)
        lower = (3000 * np.sin(2 * np.pi * 1100 * time)).astype(np.float32)
        apart = np.abs(mfcc(tone, warp=1.1) - mfcc(lower)).mean()
        assert apart < 0.35 * np.abs(mfcc(tone) - mfcc(lower)).mean()

    def test_too_short_for_a_frame_gives_none(self) -> None:
        assert mfcc(np.zeros(150, dtype=np.float32)).shape == (0, 40)
