"""The whole embedding: four branches, each projected, of unit length and of fixed share, side by side.

learned    the network's vector                              what it was trained to hear
taught     all of the network's layers, and the statistics   what MusiCNN hears, guessed from them (taught.py)
           of timbre
timbre     182 hand-made statistics of sound and register    what needs no training
harmony    420 triple correlations of pitch classes          the same in every key
"""

from __future__ import annotations

import base64
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from weakref import WeakKeyDictionary

import numpy as np

from .corpus import open_store, split_tracks
from .features import WindowSet
from .network import TimbreNet
from .projection import Projection, Recipe, fit
from .run_network import heard, learned
from .taught import fit_taught, taught_inputs

BRANCHES = ("learned", "taught", "timbre", "harmony")
"""In the order of the vector. All but harmony are the part that the product searches as sound."""

MIXTURE = Path(__file__).resolve().parents[1] / "mixture.json"
"""How the branches are projected and weighed: chosen on the benchmark's development half (EXPERIMENTS.md)."""


@dataclass(frozen=True)
class Mixture:
    """How the branches are projected, and their shares of every inner product. Shares add up to 1."""

    recipes: dict[str, Recipe]
    shares: dict[str, float]

    @staticmethod
    def read(file: Path) -> Mixture:
        content = json.loads(file.read_text())
        return Mixture({name: Recipe(**recipe) for name, recipe in content["recipes"].items()}, content["shares"])

    def write(self, file: Path) -> None:
        recipes = {name: asdict(recipe) for name, recipe in self.recipes.items()}
        file.write_text(json.dumps({"recipes": recipes, "shares": self.shares}, indent=2) + "\n")


def unit(x: np.ndarray) -> np.ndarray:
    """Rows of length 1; a row of zeros stays one."""
    return x / (np.linalg.norm(x, axis=1, keepdims=True) + 1e-9)


def branch_inputs(network: TimbreNet, rows: WindowSet) -> dict[str, np.ndarray]:
    vectors, layers = heard_once(network, rows)
    return {
        "learned": vectors,
        "taught": taught_inputs(layers, rows.timbre),
        "timbre": rows.timbre,
        "harmony": rows.harmony,
    }


_heard: WeakKeyDictionary[TimbreNet, list[tuple[WindowSet, tuple[np.ndarray, np.ndarray]]]] = WeakKeyDictionary()


def heard_once(network: TimbreNet, rows: WindowSet) -> tuple[np.ndarray, np.ndarray]:
    """The network's vectors and layers; another question about the same set gets what was computed."""
    known = _heard.setdefault(network, [])
    for asked, found in known:
        if asked is rows:
            return found
    known.append((rows, heard(network, rows.levels)))
    return known[-1][1]


def training_windows(store: Path, split: str) -> WindowSet:
    """What the projections of a split are fitted on: windows of the music that its training may hear, and damaged copies."""
    tracks = split_tracks(open_store(store)[0], split)
    windows = WindowSet.load(store / "train.npz")
    return windows.take(np.flatnonzero([tracks[owner].use == "train" for owner in windows.owner]))


def training_inputs(network: TimbreNet, rows: WindowSet, checkpoint: Path) -> dict[str, np.ndarray]:
    """Those of the training windows; the network's vectors are kept beside its checkpoint until that is newer."""
    file = checkpoint.with_name("train-vectors.npy")
    if not file.exists() or file.stat().st_mtime < checkpoint.stat().st_mtime:
        np.save(file, learned(network, rows.levels))
    return {"learned": np.load(file), "timbre": rows.timbre, "harmony": rows.harmony}


def fit_branches(inputs: dict[str, np.ndarray], rows: WindowSet, mixture: Mixture) -> dict[str, Projection]:
    """Projections of all branches that have a share: those with a recipe are fitted on training windows and their
    damaged copies, the others are the descriptor's."""
    return {
        name: fit(inputs[name].astype(np.float64), rows.owner, rows.start, rows.damage, mixture.recipes[name])
        if name in mixture.recipes
        else descriptor_projection(name)
        for name in BRANCHES
        if mixture.shares.get(name, 0) > 0 and name != "taught"
    }


def with_taught(
    branches: dict[str, Projection], store: Path, network: TimbreNet, split: str, mixture: Mixture
) -> dict[str, Projection]:
    """The same with the branch that MusiCNN taught, if it has a share; in the order of the vector."""
    if mixture.shares.get("taught", 0) > 0:
        branches = {**branches, "taught": fit_taught(store, network, split, mixture.recipes["taught"])}
    return {name: branches[name] for name in BRANCHES if name in branches}


CONSTANTS = Path(__file__).resolve().parents[2] / "embedding-worker/models/descriptor/constants.json"


def descriptor_projection(name: str) -> Projection:
    """The hand-made model's own axes: what a branch without a recipe keeps."""
    constants = json.loads(CONSTANTS.read_text())[name]
    factor, offset = (np.frombuffer(base64.b64decode(constants[key]), "<f4") for key in ("projection", "offset"))
    return Projection(factor.reshape(-1, len(offset)), offset)


def embed(inputs: dict[str, np.ndarray], branches: dict[str, Projection], shares: dict[str, float]) -> np.ndarray:
    """The embedding as the exported graph computes it, [windows, dimensions]."""
    return np.concatenate([unit(branches[n](inputs[n])) * np.sqrt(shares[n]) for n in branches], axis=1)
