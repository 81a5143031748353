"""A tiny network, trained for seconds on scores rendered here, knows damaged music better than it did at its start.

By style a network of random weights already tells scores apart (drums or none, bass or flute); through noise, a narrow
band or a room it does not, and that is what training is for.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from leitmotif_training import augment, scores
from leitmotif_training.levels import SEGMENT, Levels, to_power, write_levels
from leitmotif_training.network import TimbreNet
from leitmotif_training.train import Settings, load_averaged, train

STYLES, PIECES, HELD_OUT_STYLES = 8, 3, 8


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


def found_again(network: TimbreNet, levels: Levels, rounds: int = 4, seed: int = 5) -> float:
    """How often a damaged segment is nearest to itself among all undamaged ones."""
    places = [
        recording.start + segment * SEGMENT for recording in levels.recordings for segment in range(recording.segments)
    ]
    power = torch.cat([to_power(np.array(levels.values[None, at : at + SEGMENT])) for at in places])
    random, torch_random = np.random.default_rng(seed), torch.Generator().manual_seed(seed)
    strength = torch.ones(len(power), 1, 1)
    hits = []
    with torch.inference_mode():
        clean = F.normalize(network.eval()(power))
        for _ in range(rounds):
            damaged = augment.damage(power, levels.noises(len(power), random), torch_random, strength)
            nearest = (F.normalize(network(damaged)) @ clean.T).argmax(1)
            hits.append((nearest == torch.arange(len(power))).float().mean().item())
    return float(np.mean(hits))


@pytest.mark.skipif(
    shutil.which("fluidsynth") is None or not scores.available_soundfonts(),
    reason="needs the program fluidsynth and a soundfont (apt: fluidsynth timgm6mb-soundfont)",
)
def test_a_tiny_network_finds_damaged_music_that_it_never_heard_better_than_at_its_start(tmp_path: Path) -> None:
    seen, unseen = tmp_path / "seen", tmp_path / "unseen"
    for folder, seed, styles in ((seen, 1, STYLES), (unseen, 2, HELD_OUT_STYLES)):
        folder.mkdir()
        write_levels(folder, rendered(seed, styles), colours(seed))
    settings = Settings(
        minutes=10, steps=50, tracks=16, per_label=2, queue=64, width=12, dimensions=32, hidden=64, seed=3
    )
    held_out = Levels(unseen)
    torch.manual_seed(settings.seed)
    start = found_again(TimbreNet(settings.width, settings.dimensions, settings.hidden), held_out)
    train(seen, tmp_path / "run", settings, threads=1)
    trained = found_again(load_averaged(tmp_path / "run" / "checkpoint.pt"), held_out)
    assert trained > start + 0.05, f"trained {trained:.2f}, at the start {start:.2f}"
