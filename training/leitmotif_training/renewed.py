"""A newly trained network under the hand-made branches as they are shipped.

Their statistics and axes do not depend on the network: only the learned branch is fitted anew, on windows of the mel levels that
the training reads, and the taught one. So a run can be judged and exported without the damaged copies (train.npz), an hour's work.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from .damaged_training import PER_TRACK
from .levels import Levels
from .mel import FRAME_SEC
from .model import Mixture, with_taught
from .network import TimbreNet
from .projection import Projection, Recipe, fit
from .run_network import learned
from .shipped import FILE, read_shipped
from .train import Settings, trained_on

WINDOW_COLUMNS = 312
"""Columns of mel power in a window of 10 s."""


def renewed_branches(
    store: Path, network: TimbreNet, split: str, mixture: Mixture, file: Path = FILE
) -> dict[str, Projection]:
    """Those of a shipped graph, the learned one fitted for `network` on what `split` lets a run hear, rendered scores aside."""
    branches = {**read_shipped(file)[1], "learned": fit_learned(store, network, split, mixture.recipes["learned"])}
    return with_taught(branches, store, network, split, mixture)


def fit_learned(store: Path, network: TimbreNet, split: str, recipe: Recipe) -> Projection:
    levels = Levels(store)
    owners, starts, windows = [], [], []
    for number in trained_on(levels, Settings(split=split, scores=False)):
        for at, window in levels.windows(levels.recordings[number], WINDOW_COLUMNS, PER_TRACK):
            owners.append(number)
            starts.append(at * FRAME_SEC)
            windows.append(window)
    vectors = learned(network, np.stack(windows)).astype(np.float64)
    return fit(vectors, np.array(owners), np.array(starts), np.full(len(owners), ""), recipe)
