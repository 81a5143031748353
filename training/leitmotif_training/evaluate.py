"""Judges spaces on the benchmark's development half: soundtracks (all, and those kept out of training), versions, halves,
and damaged excerpts. Everything a space is computed from comes from features.py."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np

from .corpus import Track, open_store, split_tracks
from .features import WindowSet
from .model import (
    BRANCHES,
    CONSTANTS,
    MIXTURE,
    Mixture,
    branch_inputs,
    descriptor_projection,
    embed,
    fit_branches,
    training_inputs,
    training_windows,
    unit,
    with_taught,
)
from .network import TimbreNet
from .projection import Projection
from .protocols import Measured, by_window, can_ask, estimate, half_sets, recall_of_questions
from .recipes import DAMAGES
from .renewed import renewed_branches
from .shipped import read_shipped
from .train import load_averaged, split_of

SOUND = BRANCHES[:-1]
"""The branches of the part that the product searches as sound (src/ranking/space-parts.ts); the other part is harmony."""

Space = Callable[[WindowSet], np.ndarray]
"""Windows to vectors of unit length."""


def report(space: Space, library: WindowSet, queries: WindowSet, tracks: list[Track]) -> dict[str, Measured]:
    """Name of the measure -> what each question gave. Kept out is what `tracks` say: see `corpus.split_tracks`."""
    vectors = space(library).astype(np.float32)
    owners = library.owner
    labels = np.array([tracks[owner].label.lower() for owner in owners])
    uses = np.array([tracks[owner].use for owner in owners])
    game, quartets = uses != "versions", uses == "versions"
    figures: dict[str, Measured] = {}
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
        figures[name] = Measured(right, owners[rows][asking])
    first, second = half_sets(owners, library.start, library.end)
    first, second = first & game, second & game
    found, asked = recall_of_questions(vectors[first], owners[first], vectors[second], owners[second])
    figures["halves"] = Measured(found, asked)
    query_vectors = space(queries).astype(np.float32)
    all_found, all_asked = [], []
    for damage in ("clean", *DAMAGES):
        rows = queries.damage == damage
        found, asked = recall_of_questions(query_vectors[rows], queries.owner[rows], vectors[second], owners[second])
        figures[damage] = Measured(found, asked)
        if damage != "clean":
            all_found.append(found)
            all_asked.append(asked)
    figures["degraded"] = Measured(np.concatenate(all_found), np.concatenate(all_asked))
    kept = np.array([tracks[o].use == "kept-out" for o in np.concatenate(all_asked)])
    figures["degraded, kept-out"] = Measured(np.concatenate(all_found)[kept], np.concatenate(all_asked)[kept])
    return figures


def descriptor() -> Space:
    """The hand-made model."""
    shares = {name: json.loads(CONSTANTS.read_text())[name]["share"] for name in ("timbre", "harmony")}
    branches = {name: descriptor_projection(name) for name in shares}
    return lambda rows: embed({"timbre": rows.timbre, "harmony": rows.harmony}, branches, shares)


def mfcc_floor(library: WindowSet) -> Space:
    """The descriptor's 79 cepstral statistics, standardised: near the bench's own MFCC floor, not equal to it."""
    mean, deviation = library.timbre[:, :79].mean(0), library.timbre[:, :79].std(0) + 1e-9
    return lambda rows: unit((rows.timbre[:, :79] - mean) / deviation)


def trained(store: Path, checkpoint: Path, keep_hand_made: bool = False) -> dict[str, Space]:
    """The whole model, the sound part that the product searches, and the branches by themselves. The hand-made ones may be
    those that are shipped (renewed.py)."""
    network, mixture = load_averaged(checkpoint), Mixture.read(MIXTURE)
    branches = fitted(store, checkpoint, network, mixture, keep_hand_made)

    def of(names: tuple[str, ...]) -> Space:
        chosen = {name: branches[name] for name in names if name in branches}
        return lambda rows: unit(embed(branch_inputs(network, rows), chosen, mixture.shares))

    alone = {f"trained, {name} alone": of((name,)) for name in branches}
    return {"trained": of(BRANCHES), "trained, sound part": of(SOUND), **alone}


def fitted(
    store: Path, checkpoint: Path, network: TimbreNet, mixture: Mixture, keep_hand_made: bool
) -> dict[str, Projection]:
    """The projections of a run: all of them fitted on its training windows, or the learned and the taught one only.

    Of an exported graph only the taught one: the others are as it was exported, the learned one with as many axes as are wanted.
    """
    split = split_of(checkpoint)
    if checkpoint.suffix == ".onnx":
        branches = read_shipped(checkpoint)[1]
        axes, wanted = branches["learned"], mixture.recipes["learned"].dimensions
        branches["learned"] = Projection(axes.factor[:, :wanted], axes.offset[:wanted])
        return with_taught(branches, store, network, split, mixture)
    if keep_hand_made:
        return renewed_branches(store, network, split, mixture)
    windows = training_windows(store, split)
    branches = fit_branches(training_inputs(network, windows, checkpoint), windows, mixture)
    return with_taught(branches, store, network, split, mixture)


def musicnn_rows(store: Path, tracks: list[Track], spaces: dict[str, Space], library: WindowSet) -> list[str]:
    """MusiCNN heard three windows of each soundtrack only; the others are asked on the same windows."""
    heard = np.load(store / "musicnn.npz")
    place = {(owner, round(start, 3)): row for row, (owner, start) in enumerate(zip(library.owner, library.start))}
    rows = np.array([place[owner, round(start, 3)] for owner, start in zip(heard["owner"], heard["start"])])
    part = library.take(rows)
    owners, labels = part.owner, np.array([tracks[owner].label.lower() for owner in part.owner])
    kept = np.array([tracks[owner].use == "kept-out" for owner in part.owner])
    centred = (heard["vectors"] - heard["vectors"].mean(0)) / heard["vectors"].std(0)
    vectors = {"MusiCNN": unit(heard["vectors"]), "MusiCNN, standardised": unit(centred)}
    vectors |= {name: space(part) for name, space in spaces.items()}
    lines = []
    for name, found in vectors.items():
        asks = can_ask(owners, labels)
        cells = []
        for inside, who in (
            (np.ones(len(owners), bool), asks),
            (np.ones(len(owners), bool), asks & kept),
            (kept, asks & kept),
        ):
            at = np.flatnonzero(inside)
            right = by_window(found[at], owners[at], labels[at], who[at])
            cells.append(str(estimate(right, owners[at][who[at]])))
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return [
        "| three windows a track | soundtracks | kept-out ask all | kept-out alone |",
        "| --- | --- | --- | --- |",
        *lines,
    ]


def excerpts(count: int, size: int) -> list[range]:
    """Up to three stretches of `size` windows, spread evenly, as the bench cuts excerpts; the whole comes first."""
    last = count - size
    starts = sorted({int(np.floor(share * last + 0.5)) for share in (0.2, 0.5, 0.8)}) if last >= 0 else []
    return [range(count), *(range(start, start + size) for start in starts)]


def closeness(vectors: np.ndarray, library: WindowSet, tracks: list[Track]) -> dict[str, np.ndarray]:
    """How near whole tracks and half minutes find anything, for src/ranking/calibration.ts. Name of the group -> values.

    One library of soundtracks and quartets; own recording left out ("kin there"), or all of the other kind asked only.
    """
    owners = library.owner
    labels = np.array([tracks[owner].label for owner in owners])
    quartets = np.array([tracks[owner].use == "versions" for owner in owners])
    asks = can_ask(owners, labels)
    found: dict[str, list[float]] = {}
    for owner in np.unique(owners[asks]):
        rows = np.flatnonzero(owners == owner)
        scores = vectors[rows] @ vectors.T
        kind = "quartets" if quartets[rows[0]] else "soundtracks"
        groups = {
            f"{kind}, kin there": owners != owner,
            f"{kind}, no kin there": labels != labels[rows[0]],
            f"{kind}, asking the other kind only": quartets != quartets[rows[0]],
        }
        for name, inside in groups.items():
            nearest = scores[:, inside].max(1)
            for part in excerpts(len(rows), 3):
                found.setdefault(name, []).append(float(nearest[part].mean()))
    return {name: np.array(values) for name, values in found.items()}


def print_closeness(vectors: np.ndarray, library: WindowSet, tracks: list[Track]) -> None:
    groups = closeness(vectors, library, tracks)
    kin = np.concatenate(
        [values for name, values in groups.items() if name.endswith("kin there") and ", no" not in name]
    )
    close_from = round(float(np.sort(kin)[int(0.05 * (len(kin) - 1))]), 3)
    print(
        f"\ncloseFrom {close_from}\n\n| queries | n | 5 % | median | 95 % | told close |\n| --- | --- | --- | --- | --- | --- |"
    )
    for name, values in groups.items():
        shares = [f"{np.quantile(values, q):.3f}" for q in (0.05, 0.5, 0.95)]
        print(f"| {name} | {len(values)} | {' | '.join(shares)} | {(values >= close_from).mean():.3f} |")


def print_all(store: Path, checkpoint: Path, keep_hand_made: bool = False) -> None:
    """Every space on every measure, as tables."""
    tracks = split_tracks(open_store(store)[0], split_of(checkpoint))
    library, queries = WindowSet.load(store / "library.npz"), WindowSet.load(store / "damaged.npz")
    own = trained(store, checkpoint, keep_hand_made)
    spaces = {"mfcc": mfcc_floor(library), "descriptor": descriptor(), **own}
    reports = {name: report(space, library, queries, tracks) for name, space in spaces.items()}
    print(f"| measure | {' | '.join(reports)} |")
    print("| --- |" + " --- |" * len(reports))
    for measure in next(iter(reports.values())):
        print(f"| {measure} | {' | '.join(str(figures[measure]) for figures in reports.values())} |")
    print_closeness(own["trained"](library), library, tracks)
    if (store / "musicnn.npz").exists():
        print(
            "", *musicnn_rows(store, tracks, {"descriptor": descriptor(), "trained": own["trained"]}, library), sep="\n"
        )
