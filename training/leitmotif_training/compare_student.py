"""Compares a student with the taught branch of the shipped model, by window: alone, beside the other branches, and in the whole vector."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from .corpus import Track, open_store
from .distil import guesses, load_student
from .features import WindowSet
from .model import branch_inputs, unit
from .protocols import Measured, by_window, can_ask
from .shipped import read_shipped

SHARES = {
    "in place of taught": {"learned": 0.15, "student": 0.15, "timbre": 0.16},
    "with a larger share": {"learned": 0.12, "student": 0.22, "timbre": 0.12},
    "beside taught": {"learned": 0.10, "taught": 0.10, "student": 0.16, "timbre": 0.10},
}
"""Of the part that the product searches as sound; together as much as in the shipped model."""


def print_student(store: Path, checkpoint: Path) -> None:
    library = WindowSet.load(store / "library.npz")
    print_guesses(store, library, guesses(load_student(checkpoint), library.levels))


def print_guesses(store: Path, library: WindowSet, guessed: np.ndarray) -> None:
    """@param guessed what MusiCNN hears of the library's windows, as guessed by any means, [windows, dimensions]"""
    tracks = open_store(store)[0]
    network, projections, shares = read_shipped()
    inputs = branch_inputs(network, library)
    branches = {name: unit(projection(inputs[name])) for name, projection in projections.items()}
    branches["student"] = unit(guessed)
    sound = {name: share for name, share in shares.items() if name != "harmony"}
    harmony = {"harmony": shares["harmony"]}
    pairs = [("student alone, less taught alone", {"student": 1.0}, {"taught": 1.0})]
    for name, own in SHARES.items():
        pairs.append((f"sound, {name}, less shipped", own, sound))
        pairs.append((f"whole, {name}, less shipped", own | harmony, shares))
    measured = [(name, *(by_use(joined(branches, s), library, tracks) for s in both)) for name, *both in pairs]
    print(f"| P@1 | {' | '.join(measured[0][1])} |\n| --- |{' --- |' * len(measured[0][1])}")
    for name, ours, theirs in measured:
        cells = [f"{figure.values.mean():.3f}, {figure.less(theirs[use])}" for use, figure in ours.items()]
        print(f"| {name} | {' | '.join(cells)} |")


def joined(branches: dict[str, np.ndarray], shares: dict[str, float]) -> np.ndarray:
    parts = [branches[name] * np.sqrt(share) for name, share in shares.items()]
    return unit(np.concatenate(parts, axis=1)).astype(np.float32)


def by_use(vectors: np.ndarray, library: WindowSet, tracks: list[Track]) -> dict[str, Measured]:
    owners = library.owner
    labels = np.array([tracks[owner].label.lower() for owner in owners])
    uses = np.array([tracks[owner].use for owner in owners])
    game, kept = uses != "versions", uses == "kept-out"
    found = {}
    for name, inside, who in (
        ("soundtracks", game, game),
        ("kept out, ask all", game, kept),
        ("kept out, alone", kept, kept),
        ("versions", ~game, ~game),
    ):
        rows = np.flatnonzero(inside)
        asking = (can_ask(owners, labels) & who)[rows]
        found[name] = Measured(by_window(vectors[rows], owners[rows], labels[rows], asking), owners[rows][asking])
    return found
