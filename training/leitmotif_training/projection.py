"""A linear map of statistics that keeps what tells tracks apart and turns down what damage and chance move.

With the covariance T over windows, D of what damage changes (damaged minus clean, same window) and W of what changes
within a track, axes v solve  T v = r (T + damage D + within W) v,  r in (0, 1]. The best axes are kept, each scaled so that
its output has variance r^power: 0 is full whitening, 1 leaves the less reliable axes small.

@see Hatch et al. 2006 (within-class covariance normalisation)
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg import eigh


@dataclass(frozen=True)
class Projection:
    """`x @ factor + offset`, not normalised."""

    factor: np.ndarray
    offset: np.ndarray

    def __call__(self, x: np.ndarray) -> np.ndarray:
        return x @ self.factor + self.offset


@dataclass(frozen=True)
class Recipe:
    dimensions: int
    damage: float = 1.0
    within: float = 1.0
    power: float = 1.0
    ridge: float = 1e-3


def fit(x: np.ndarray, owners: np.ndarray, starts: np.ndarray, damages: np.ndarray, recipe: Recipe) -> Projection:
    """@param x [windows, statistics]; windows with the same owner and start are copies of one, the clean one unnamed"""
    clean = damages == ""
    mean, deviation = x[clean].mean(0), x[clean].std(0) + 1e-9
    z = (x - mean) / deviation
    total = np.cov(z[clean].T)
    place = {(owner, start): row for row, (owner, start) in enumerate(zip(owners, starts)) if clean[row]}
    copies = np.flatnonzero(~clean)
    if len(copies) == 0 and recipe.damage > 0:
        raise ValueError("Cannot fit: the recipe weighs damage, and there are no damaged copies")
    origin = np.array([place[owners[row], starts[row]] for row in copies], int)
    moved = z[copies] - z[origin]
    # A few copies are destroyed altogether: they must not decide.
    size = np.linalg.norm(moved, axis=1, keepdims=True)
    if len(copies) > 0:
        moved = moved * np.minimum(1, np.quantile(size, 0.9) / (size + 1e-9))
    by_damage = moved.T @ moved / max(1, len(moved))
    rows = np.flatnonzero(clean)
    _, index = np.unique(owners[rows], return_inverse=True)
    counts = np.bincount(index)
    centres = np.stack([np.bincount(index, z[rows, i]) for i in range(z.shape[1])], 1) / counts[:, None]
    inside = z[rows] - centres[index]
    inside = inside[counts[index] > 1]
    by_time = inside.T @ inside / max(1, len(inside))
    against = total + recipe.damage * by_damage + recipe.within * by_time
    against += recipe.ridge * np.trace(against) / len(against) * np.eye(len(against))
    reliability, axes = eigh(total, against)
    order = np.argsort(-reliability)[: recipe.dimensions]
    reliability, axes = reliability[order].clip(1e-6), axes[:, order]
    variance = np.einsum("ij,ik,kj->j", axes, total, axes)
    # Of fewer windows than statistics some axes hold nothing but rounding.
    filled = variance > 1e-9 * variance.max()
    axes = axes * np.where(filled, np.sqrt(reliability**recipe.power / np.where(filled, variance, 1)), 0)
    factor = axes / deviation[:, None]
    return Projection(factor, -(mean / deviation) @ axes)
