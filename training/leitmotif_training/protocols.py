"""The benchmark's questions, as bench/quality-*.ts asks them, over plain matrices. Pure.

Vectors are rows of unit length. Five neighbours a window; intervals are 95 % bootstraps over recordings.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

NEIGHBOURS = 5
DRAWS = 1000


@dataclass(frozen=True)
class Estimate:
    mean: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.mean:.3f} [{self.low:.3f}, {self.high:.3f}]"


def estimate(values: np.ndarray, groups: np.ndarray, seed: int = 20_260) -> Estimate:
    """Mean with an interval over groups: what comes of one recording is drawn together."""
    _, index = np.unique(groups, return_inverse=True)
    sums, counts = np.bincount(index, values.astype(float)), np.bincount(index)
    drawn = np.random.default_rng(seed).integers(0, len(sums), (DRAWS, len(sums)))
    means = sums[drawn].sum(1) / counts[drawn].sum(1)
    return Estimate(float(values.mean()), float(np.quantile(means, 0.025)), float(np.quantile(means, 0.975)))


@dataclass(frozen=True)
class Measured:
    """What each question gave, and the recording it belongs to: printed as mean and interval."""

    values: np.ndarray
    groups: np.ndarray

    def __str__(self) -> str:
        return str(estimate(self.values, self.groups))

    def less(self, other: Measured) -> Estimate:
        """The mean difference on the same questions, with the interval of that difference: recordings are drawn once for both."""
        if not np.array_equal(self.groups, other.groups):
            raise ValueError("Cannot pair: the two were not asked the same questions")
        return estimate(self.values.astype(float) - other.values.astype(float), self.groups)

    @staticmethod
    def pooled(parts: list[Measured]) -> Measured:
        """Of several splits; recordings keep their numbers, which are the store's."""
        return Measured(np.concatenate([p.values for p in parts]), np.concatenate([p.groups for p in parts]))


def by_window(
    vectors: np.ndarray, owners: np.ndarray, labels: np.ndarray, asks: np.ndarray | None = None
) -> np.ndarray:
    """Is the nearest window of another recording of the right label? bool, one for each window that asks.

    @param asks rows that ask; windows whose label has one recording only never do
    """
    rows = np.flatnonzero(can_ask(owners, labels) if asks is None else asks)
    right = np.zeros(len(rows), bool)
    for begin in range(0, len(rows), 512):
        part = rows[begin : begin + 512]
        scores = vectors[part] @ vectors.T
        scores[owners[part][:, None] == owners[None]] = -9
        right[begin : begin + 512] = labels[scores.argmax(1)] == labels[part]
    return right


def can_ask(owners: np.ndarray, labels: np.ndarray) -> np.ndarray:
    recordings = {label: len(np.unique(owners[labels == label])) for label in np.unique(labels)}
    return np.array([recordings[label] > 1 for label in labels])


def margin_rank_first(scores: np.ndarray, owners: np.ndarray) -> int:
    """Owner that the default fusion ranks first. `scores` [query windows, library windows].

    Of each query window's five neighbours: the best similarity to the piece above the worst of the five, averaged.
    """
    totals: dict[int, float] = {}
    for row in scores:
        near = np.argpartition(-row, NEIGHBOURS - 1)[:NEIGHBOURS]
        floor = row[near].min()
        best: dict[int, float] = {}
        for at in near:
            best[owners[at]] = max(best.get(owners[at], 0.0), row[at] - floor)
        for owner, value in best.items():
            totals[owner] = totals.get(owner, 0.0) + value
    return max(totals, key=totals.__getitem__)


def half_sets(owners: np.ndarray, start: np.ndarray, end: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Masks of the windows in first and in second halves; tracks without both are in neither."""
    first, second = np.zeros(len(owners), bool), np.zeros(len(owners), bool)
    for owner in np.unique(owners):
        own = owners == owner
        half = end[own].max() / 2
        before, after = own & (end <= half), own & (start >= half)
        if before.any() and after.any():
            first |= before
            second |= after
    return first, second


def recall_of_questions(
    queries: np.ndarray, query_owners: np.ndarray, library: np.ndarray, library_owners: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """(found first?, owner) for each recording that asks: its windows against the library, fused."""
    asked = [owner for owner in np.unique(query_owners) if owner in set(library_owners)]
    found = [margin_rank_first(queries[query_owners == owner] @ library.T, library_owners) == owner for owner in asked]
    return np.array(found), np.array(asked)
