"""The branch that MusiCNN taught: a linear guess of what its layers hear, from what the network hears at no further cost.

MusiCNN itself finds other tracks of a soundtrack far better than anything here does, and takes twenty times as long. Its layers pooled over time
are compressed to their principal axes; ridge regression guesses these from all layers of the network and the statistics of timbre.
The guess hears most of what the last layers, which fit the soundtracks that they were trained on, have lost.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import torch

from .corpus import open_store, split_tracks
from .damaged_training import by_samples, chain
from .features import WINDOW, Analyser, windows
from .musicnn import MusiCnn
from .network import TimbreNet
from .noise import noise_bank
from .projection import Projection, Recipe
from .run_network import heard


def places(count: int, in_benchmark: bool) -> list[int]:
    """Which of a track's windows are taught. Of tracks of the benchmark more: first, middle and last are also what
    `teacher.write_baseline` hears."""
    ends = np.linspace(0, count - 1, min(3, count)).round() if in_benchmark else []
    between = min(2 if in_benchmark else 3, count)
    inner = (np.arange(between) + 0.5) / between * count
    return sorted({*map(int, ends), *map(int, inner)})


def write_taught(store: Path, name: str = "MTT_musicnn", seed: int = 21) -> None:
    """`taught.npz`: three to five windows of each track that may be trained on in some split, and a damaged copy of each:
    owners, starts (s), damages, timbre, mel levels, and what MusiCNN's layers hear of the clean window. Twelve minutes on one core."""
    tracks, pcm = open_store(store)
    network, analyser = MusiCnn(name), Analyser(store / "statistics.onnx")
    random, bank = np.random.default_rng(seed), noise_bank(seed + 1, clips=8)
    rows: list[tuple] = []
    for number, track in enumerate(tracks):
        if not track.may_train or track.length < WINDOW:
            continue
        found = list(windows(np.asarray(pcm[track.start : track.start + track.length])))
        for at in places(len(found), track.in_benchmark) if found else []:
            start, _, window = found[at]
            with torch.inference_mode():
                goal = network.pooled(torch.from_numpy(window)[None])[0].flatten().numpy().astype(np.float16)
            damage, copy = damaged(window, bank, random)
            for kind, sound in (("", window), (damage, copy)):
                timbre, _, levels = analyser(sound)
                rows.append((number, start, kind, timbre, levels, goal))
        print(f"\rtaught: {number + 1} of {len(tracks)} tracks, {len(rows)} windows", end="", file=sys.stderr)
    owner, start, kind, *arrays = zip(*rows)
    stacks = {key: np.stack(array) for key, array in zip(("timbre", "levels", "goal"), arrays)}
    np.savez(store / "taught.npz", owner=owner, start=start, damage=kind, **stacks)


def damaged(window: np.ndarray, bank: dict, random: np.random.Generator) -> tuple[str, np.ndarray]:
    """(kinds, a copy of the window) that went through one or two damages that need no other program."""
    kinds = [kind for kind in chain(random) if kind not in ("time", "codec")] or ["band"]
    copy = window.astype(np.float64)
    for kind in kinds:
        copy = by_samples(copy, kind, bank, random)
    level = 10 ** (random.uniform(-12, 3) / 20) / max(1.0, np.abs(copy).max())
    return "+".join(kinds), np.ascontiguousarray(copy * level, dtype=np.float32)


def taught_inputs(layers: np.ndarray, timbre: np.ndarray) -> np.ndarray:
    """What the guess is made from, [windows, layer_size + timbre statistics]."""
    return np.concatenate([layers, timbre], axis=1)


def fit_taught(store: Path, network: TimbreNet, split: str, recipe: Recipe) -> Projection:
    """Fitted on the windows of the music that `split` lets a run hear."""
    file = store / "taught.npz"
    if not file.exists():
        raise ValueError(f"Cannot fit the taught branch: {file} is missing. `fetch` writes it")
    known = np.load(file)
    tracks = split_tracks(open_store(store)[0], split)
    rows = np.flatnonzero([tracks[owner].use == "train" for owner in known["owner"]])
    layers = heard(network, known["levels"][rows])[1]
    blocks = [*network.layer_blocks, known["timbre"].shape[1]]
    weights = np.where(known["damage"][rows] == "", 1.0, recipe.damage)
    return regress(taught_inputs(layers, known["timbre"][rows]), blocks, known["goal"][rows], weights, recipe)


def regress(
    inputs: np.ndarray, blocks: list[int], goals: np.ndarray, weights: np.ndarray, recipe: Recipe
) -> Projection:
    """Ridge regression of the goals' principal axes, each divided by its deviation to the recipe's power.

    @param inputs [windows, numbers], in blocks of the given sizes: all blocks weigh alike, however many numbers they have
    @param weights of the windows; those of weight 0 do not count
    @param recipe its ridge is relative to the mean squared length of the inputs
    """
    counted = weights > 0
    inputs, goals, roots = inputs[counted], goals[counted], np.sqrt(weights[counted])[:, None]
    wanted = principal(goals.astype(np.float64), recipe.dimensions, recipe.power)
    mean = inputs.mean(0, dtype=np.float64)
    scale = inputs.std(0, dtype=np.float64)
    begin = 0
    for size in blocks:
        part = slice(begin, begin + size)
        # Numbers that hardly vary must not be blown up.
        scale[part] = (scale[part] + 1e-3 * inputs[:, part].std() + 1e-9) * np.sqrt(size)
        begin += size
    z = (inputs - mean) / scale * roots
    # As many unknowns as windows: fewer than inputs.
    products = z @ z.T
    products[np.diag_indices(len(z))] += recipe.ridge * np.trace(products) / len(z)
    factor = (z.T @ np.linalg.solve(products, wanted * roots)) / scale[:, None]
    return Projection(factor, -mean @ factor)


def principal(x: np.ndarray, dimensions: int, power: float) -> np.ndarray:
    """Coordinates on the principal axes of the standardised columns, divided by their deviation to `power`."""
    z = (x - x.mean(0)) / (x.std(0) + 1e-6)
    left, sizes, _ = np.linalg.svd(z, full_matrices=False)
    kept = left[:, :dimensions] * sizes[:dimensions]
    return kept / (sizes[:dimensions] / np.sqrt(len(z)) + 1e-9) ** power
