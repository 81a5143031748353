"""Holds one model against another on the same questions: differences with the intervals of the differences.

Two intervals that overlap say little; recordings are hard or easy for both models, and only the difference tells.
"""

from __future__ import annotations

from pathlib import Path

from .corpus import open_store, split_tracks
from .evaluate import SOUND, Space, descriptor, report, trained
from .features import WindowSet
from .model import branch_inputs, embed, unit
from .protocols import Measured
from .shipped import read_shipped
from .train import split_of

TRAINED = "trained"
COMPARED = (TRAINED, f"{TRAINED}, sound part", f"{TRAINED}, learned alone")


def shipped_spaces(file: Path) -> dict[str, Space]:
    """The whole model of an exported graph, its sound part, and its learned branch alone, under the names that `trained` gives."""
    network, branches, shares = read_shipped(file)

    def of(names: tuple[str, ...]) -> Space:
        chosen = {name: branches[name] for name in names if name in branches}
        return lambda rows: unit(embed(branch_inputs(network, rows), chosen, shares))

    return dict(zip(COMPARED, (of(tuple(branches)), of(SOUND), of(("learned",)))))


def spaces_of(store: Path, model: Path, keep_hand_made: bool) -> dict[str, Space]:
    """Of a checkpoint or of an exported graph."""
    return shipped_spaces(model) if model.suffix == ".onnx" else trained(store, model, keep_hand_made)


def print_pairs(store: Path, checkpoint: Path, other: str, keep_hand_made: bool = False) -> None:
    """The run, the other model, and the run less the other, on every measure: whole models, sound parts, learned branches.

    Kept out is what both kept out, which is for the caller to see to: the shipped file was trained with `third`.
    """
    before = Path(other)
    split, theirs = split_of(checkpoint), split_of(before)
    if theirs != split:
        raise ValueError(f"Cannot compare: the run was trained with split {split}, the other with {theirs}")
    tracks = split_tracks(open_store(store)[0], split)
    library, queries = WindowSet.load(store / "library.npz"), WindowSet.load(store / "damaged.npz")
    new, old = (spaces_of(store, model, keep_hand_made) for model in (checkpoint, before))
    for name in COMPARED:
        ours, others = (report(spaces[name], library, queries, tracks) for spaces in (new, old))
        print(f"\n| {name} | before | now | now less before |\n| --- | --- | --- | --- |")
        for measure, figure in ours.items():
            print(f"| {measure} | {others[measure]} | {figure} | {figure.less(others[measure])} |")


FOLD_MEASURES = ("kept-out ask all", "kept-out alone", "degraded, kept-out")
"""Those that ask with kept-out music only: over five folds every soundtrack asks once, of a model that never heard it."""


def print_folds(store: Path, checkpoints: list[Path], keep_hand_made: bool = False) -> None:
    """Each fold's run asked with what it kept out, all of it pooled, beside the hand-made model on the same questions.

    "Alone" asks the fold's soundtracks among each other, fewer than the twelve: its figures are higher than those of `third`.
    """
    splits = [split_of(checkpoint) for checkpoint in checkpoints]
    if len(set(splits)) < len(splits) or "none" in splits or "third" in splits and len(splits) > 1:
        raise ValueError(f"Cannot pool: expected runs of different folds, got splits {', '.join(splits)}")
    library, queries = WindowSet.load(store / "library.npz"), WindowSet.load(store / "damaged.npz")
    found: dict[str, dict[str, list[Measured]]] = {}
    for checkpoint, split in zip(checkpoints, splits):
        tracks = split_tracks(open_store(store)[0], split)
        spaces = {"descriptor": descriptor(), TRAINED: trained(store, checkpoint, keep_hand_made)[TRAINED]}
        for name, space in spaces.items():
            figures = report(space, library, queries, tracks)
            for measure in FOLD_MEASURES:
                found.setdefault(measure, {}).setdefault(name, []).append(figures[measure])
    print(f"| {len(splits)} folds ({', '.join(splits)}) | descriptor | trained | trained less descriptor |")
    print("| --- | --- | --- | --- |")
    for measure, parts in found.items():
        hand_made, own = (Measured.pooled(parts[name]) for name in ("descriptor", TRAINED))
        print(f"| {measure} | {hand_made} | {own} | {own.less(hand_made)} |")
