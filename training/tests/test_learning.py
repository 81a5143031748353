"""A tiny network, trained for less than a minute on scores rendered here, hears better than it did at its start."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from leitmotif_training import scores
from leitmotif_training.levels import SEGMENT, Levels, to_power, write_levels
from leitmotif_training.network import TimbreNet
from leitmotif_training.protocols import by_window
from leitmotif_training.train import Settings, load_averaged, train

STYLES, PIECES, HELD_OUT_STYLES = 8, 3, 6


def rendered(seed: int, styles: int) -> list[tuple[int, str, np.ndarray]]:
    random = np.random.default_rng(seed)
    found = []
    for number in range(styles):
        style = scores.random_style(random, scores.available_soundfonts()[:1])
        for _ in range(PIECES):
            midi = scores.to_midi(scores.random_score(random, bars=8), style, int(random.integers(-5, 6)))
            found.append((-1, f"style {number}", scores.render(midi, style.soundfont, 11)))
    return found


def colours(seed: int) -> list[np.ndarray]:
    from leitmotif_training.noise import colour

    return [colour(6, np.random.default_rng(seed + n)) for n in range(4)]


def precision(network: TimbreNet, levels: Levels) -> float:
    """How often the nearest segment of another piece is of the same style."""
    power, owners, labels = [], [], []
    for number, recording in enumerate(levels.recordings):
        for segment in range(recording.segments):
            begin = recording.start + segment * SEGMENT
            power.append(to_power(levels.values[None, begin : begin + SEGMENT]))
            owners.append(number)
            labels.append(recording.label)
    with torch.inference_mode():
        vectors = F.normalize(network.eval()(torch.cat(power))).numpy()
    return float(by_window(vectors, np.array(owners), np.array(labels)).mean())


@pytest.mark.skipif(
    shutil.which("fluidsynth") is None or not scores.available_soundfonts(),
    reason="needs the program fluidsynth and a soundfont (apt: fluidsynth timgm6mb-soundfont)",
)
def test_a_tiny_network_beats_its_start_on_styles_it_never_heard(tmp_path: Path) -> None:
    seen, unseen = tmp_path / "seen", tmp_path / "unseen"
    for folder, seed, styles in ((seen, 1, STYLES), (unseen, 2, HELD_OUT_STYLES)):
        folder.mkdir()
        write_levels(folder, rendered(seed, styles), colours(seed))
    settings = Settings(
        minutes=10, steps=50, tracks=12, per_label=2, queue=64, width=8, dimensions=32, hidden=64, seed=3
    )
    held_out = Levels(unseen)
    torch.manual_seed(settings.seed)
    start = precision(TimbreNet(settings.width, settings.dimensions, settings.hidden), held_out)
    train(seen, tmp_path / "run", settings, threads=1)
    trained = precision(load_averaged(tmp_path / "run" / "checkpoint.pt"), held_out)
    assert trained > start + 0.05, f"trained {trained:.2f}, at the start {start:.2f}"
