"""MusiCNN's vectors: for every training segment, to be learned from; for benchmark windows, as a baseline."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import torch

from .corpus import RATE_HZ, open_store
from .levels import SEGMENT, Levels
from .mel import FRAME_SEC
from .musicnn import MusiCnn

PER_TRACK = 8
"""Segments of a track that the teacher hears; the others take the nearest one's vector."""
DIMENSIONS = 96
AXIS_POWER = 0.7
"""Each principal axis is divided by its deviation to this power: otherwise a few loud axes are all that is learned."""
PATCH = 3 * RATE_HZ
WINDOWS_PER_TRACK = 3


def write_teacher(store: Path, name: str = "MTT_musicnn") -> None:
    """`teacher.npy` [segments, DIMENSIONS] in the order of the store's recordings. Ten minutes on one core."""
    levels, (_, pcm) = Levels(store), open_store(store)
    tracks, _ = open_store(store)
    network, size, vectors = MusiCnn(name), int(SEGMENT * FRAME_SEC * RATE_HZ), []
    for number, recording in enumerate(r for r in levels.recordings if r.number >= 0):
        track = tracks[recording.number]
        chosen = np.unique(np.linspace(0, recording.segments - 1, PER_TRACK).round().astype(int))
        sound = np.zeros((len(chosen), size), np.float32)
        for row, segment in enumerate(chosen):
            part = pcm[track.start + segment * size : track.start + min(track.length, (segment + 1) * size)]
            sound[row, : len(part)] = part / np.float32(32768)
        with torch.inference_mode():
            heard = network(torch.from_numpy(sound)).numpy()
        vectors.append(heard[np.abs(np.arange(recording.segments)[:, None] - chosen).argmin(1)])
        print(f"\rteacher: {number + 1} recordings", end="", file=sys.stderr)
    np.save(store / "teacher.npy", whitened(np.concatenate(vectors)))


def whitened(vectors: np.ndarray) -> np.ndarray:
    centred = vectors - vectors.mean(0)
    axes = np.linalg.svd(centred, full_matrices=False)[2][:DIMENSIONS]
    turned = centred @ axes.T
    return (turned / turned.std(0) ** AXIS_POWER).astype(np.float32)


def write_baseline(store: Path, name: str = "MTT_musicnn") -> None:
    """`musicnn.npz`: owners, starts (s) and vectors of up to three windows of each benchmark track, each window the mean of
    three patches of 3 s, as the package hears them. Ten minutes on one core."""
    from .features import WINDOW, windows

    tracks, pcm = open_store(store)
    network = MusiCnn(name)
    owners, starts, vectors = [], [], []
    for number, track in enumerate(tracks):
        if not track.in_benchmark:
            continue
        found = [(start, w) for start, _, w in windows(np.asarray(pcm[track.start : track.start + track.length]))]
        for at in np.unique(np.linspace(0, len(found) - 1, min(WINDOWS_PER_TRACK, len(found))).round().astype(int)):
            start, window = found[at]
            assert len(window) == WINDOW
            with torch.inference_mode():
                patches = network(torch.from_numpy(window[: 3 * PATCH].reshape(3, PATCH)))
            owners.append(number)
            starts.append(start)
            vectors.append(patches.mean(0).numpy())
        print(f"\rMusiCNN baseline: {number + 1} of {len(tracks)}", end="", file=sys.stderr)
    np.savez(store / "musicnn.npz", owner=owners, start=starts, vectors=np.stack(vectors))
