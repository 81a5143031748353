"""The parts by themselves: front-end, protocols, projection, losses."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from leitmotif_training.corpus import kept_out, window_starts
from leitmotif_training.losses import contrast
from leitmotif_training.mel import BANDS, MelPower, levels_db, mel_filters
from leitmotif_training.projection import Recipe, fit
from leitmotif_training.protocols import by_window, half_sets, margin_rank_first


def test_mel_power_is_that_of_a_plain_fourier_transform() -> None:
    samples = np.random.default_rng(0).standard_normal(4096).astype(np.float32)
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(512) / 512)
    frames = np.stack([samples[at : at + 512] * window for at in range(0, 4096 - 511, 256)])
    filters = mel_filters()
    filters[:, [0, 256]] = 0
    power = (np.abs(np.fft.rfft(frames)) ** 2) @ filters.T
    pairs = power[: len(power) // 2 * 2].reshape(-1, 2, BANDS).mean(1)
    found = MelPower()(torch.from_numpy(samples)[None])[0].T.numpy()
    np.testing.assert_allclose(found, pairs, rtol=2e-4)


def test_levels_of_a_long_recording_join_without_a_seam() -> None:
    samples = (np.random.default_rng(1).standard_normal(16_000 * 70) * 0.1).astype(np.float32)
    mel = MelPower()
    whole = 10 * torch.log10(mel(torch.from_numpy(samples)[None])[0] + 1e-10).T.numpy()
    np.testing.assert_allclose(levels_db(samples, mel).astype(np.float32), whole, atol=0.05)


def test_windows_lie_as_the_product_cuts_them() -> None:
    assert window_starts(160_000 * 2, 160_000) == [0, 160_000]
    assert window_starts(160_000 * 2 + 8_000, 160_000) == [0, 160_000, 168_000]
    assert window_starts(160_000 * 2 + 1_000, 160_000) == [0, 160_000]
    assert window_starts(90_000, 160_000) == [0]


def test_the_same_third_of_soundtracks_is_kept_out_every_time() -> None:
    soundtracks = [{"soundtrack": f"Game {n}"} for n in range(30) for _ in range(1 + n % 14)]
    chosen = kept_out(soundtracks)
    assert chosen == kept_out(list(reversed(soundtracks)))
    assert 9 <= len(chosen) <= 12


def test_a_window_never_finds_its_own_recording() -> None:
    vectors = np.array([[1, 0], [1, 0], [0.8, 0.6], [0, 1]], dtype=float)
    owners, labels = np.array([0, 0, 1, 2]), np.array(["a", "a", "a", "b"])
    assert by_window(vectors, owners, labels).tolist() == [True, True, True]


def test_halves_split_between_windows() -> None:
    first, second = half_sets(np.zeros(4), np.array([0, 10, 20, 25.0]), np.array([10, 20, 30, 35.0]))
    assert first.tolist() == [True, False, False, False]
    assert second.tolist() == [False, False, True, True]


def test_the_default_fusion_discounts_what_sounds_like_everything() -> None:
    owners = np.array([1, 2, 3, 4, 5])
    scores = np.array([[0.90, 0.91, 0.90, 0.90, 0.90], [0.8, 0.3, 0.2, 0.1, 0.0]])
    assert margin_rank_first(scores, owners) == 1


def test_the_projection_turns_down_what_damage_moves() -> None:
    random = np.random.default_rng(2)
    track = np.repeat(random.standard_normal((40, 2)), 3, axis=0)
    x = np.concatenate([track, track + random.standard_normal(track.shape) * [0.1, 3]])
    owners, starts = np.tile(np.repeat(np.arange(40), 3), 2), np.tile(np.arange(120) % 3, 2)
    damages = np.array([""] * 120 + ["noise"] * 120)
    projected = fit(x, owners, starts, damages, Recipe(2, damage=1, within=0, power=2))(x)
    moved = (projected[120:] - projected[:120]).std(0) / projected[:120].std(0)
    assert moved[0] < 0.3
    assert projected[:120, 0].std() > 3 * projected[:120, 1].std()


def test_the_losses_fall_when_relatives_are_near() -> None:
    tracks, labels = torch.tensor([0, 1, 2, 0, 1, 2]), torch.tensor([0, 0, 1, 0, 0, 1])
    bank = (torch.zeros(0, 3), torch.zeros(0, dtype=torch.long), torch.zeros(0, dtype=torch.long))
    near = torch.eye(3)[tracks]
    far = torch.eye(3)[torch.tensor([0, 1, 2, 1, 2, 0])]
    for good, bad in zip(contrast(near, tracks, labels, bank), contrast(far, tracks, labels, bank)):
        assert good < bad


def test_a_projection_that_weighs_damage_wants_damaged_copies() -> None:
    x = np.random.default_rng(4).standard_normal((60, 5))
    owners, starts, damages = np.repeat(np.arange(20), 3), np.tile(np.arange(3), 20), np.array([""] * 60)
    assert np.isfinite(fit(x, owners, starts, damages, Recipe(3, damage=0, within=1))(x)).all()
    with pytest.raises(ValueError, match="there are no damaged copies"):
        fit(x, owners, starts, damages, Recipe(3, damage=1, within=1))
