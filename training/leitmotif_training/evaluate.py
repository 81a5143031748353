"""Judges spaces on the benchmark's development half: soundtracks (all, and those kept out of training), versions, halves,
and damaged excerpts. Everything a space is computed from comes from features.py."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Callable

import numpy as np
import torch

from .corpus import Track, open_store
from .features import WindowSet
from .run_network import learned

from .protocols import by_window, can_ask, estimate, half_sets, recall_of_questions
from .recipes import DAMAGES
from .train import load_averaged

Space = Callable[[WindowSet], np.ndarray]
"""Windows to vectors of unit length."""


def unit(x: np.ndarray) -> np.ndarray:
    return x / (np.linalg.norm(x, axis=1, keepdims=True) + 1e-9)


def report(space: Space, library: WindowSet, queries: WindowSet, tracks: list[Track]) -> dict[str, object]:
    """Name of the measure -> estimate."""
    vectors = space(library).astype(np.float32)
    owners = library.owner
    labels = np.array([tracks[owner].label.lower() for owner in owners])
    uses = np.array([tracks[owner].use for owner in owners])
    game, quartets = uses != "versions", uses == "versions"
    figures: dict[str, object] = {}
    asks = can_ask(owners, labels)
    for name, inside, who in (
        ("soundtracks", game, game),
        ("kept-out ask all", game, uses == "kept-out"),
        ("kept-out alone", uses == "kept-out", uses == "kept-out"),
        ("versions", quartets, quartets),
    ):
        rows = np.flatnonzero(inside)
        asking = (asks & who)[rows]
        right = by_window(vectors[rows], owners[rows], labels[rows], asking)
        figures[name] = estimate(right, owners[rows][asking])
    first, second = half_sets(owners, library.start, library.end)
    first, second = first & game, second & game
    found, asked = recall_of_questions(vectors[first], owners[first], vectors[second], owners[second])
    figures["halves"] = estimate(found, asked)
    query_vectors = space(queries).astype(np.float32)
    all_found, all_asked = [], []
    for damage in ("clean", *DAMAGES):
        rows = queries.damage == damage
        found, asked = recall_of_questions(query_vectors[rows], queries.owner[rows], vectors[second], owners[second])
        figures[damage] = estimate(found, asked)
        if damage != "clean":
            all_found.append(found)
            all_asked.append(asked)
    figures["degraded"] = estimate(np.concatenate(all_found), np.concatenate(all_asked))
    kept = np.array([tracks[o].use == "kept-out" for o in np.concatenate(all_asked)])
    figures["degraded, kept-out"] = estimate(np.concatenate(all_found)[kept], np.concatenate(all_asked)[kept])
    return figures


def mfcc_floor(train: np.ndarray) -> Space:
    """The shape and deviation statistics of the descriptor, standardised: a stand-in for the bench's MFCC floor."""
    mean, deviation = train.mean(0), train.std(0) + 1e-9
    return lambda rows: unit((rows.timbre[:, :79] - mean[:79]) / deviation[:79])


def open_sets(store: Path) -> tuple[list[Track], WindowSet, WindowSet]:
    tracks, _ = open_store(store)
    return tracks, WindowSet.load(store / "library.npz"), WindowSet.load(store / "damaged.npz")


if __name__ == "__main__":
    tracks, library, queries = open_sets(Path(sys.argv[1]))
    network = load_averaged(Path(sys.argv[2]))
    figures = report(lambda rows: unit(learned(network, rows.levels)), library, queries, tracks)
    for name, value in figures.items():
        print(f"{name:20s} {value}")
