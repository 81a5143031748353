"""The student's targets: MusiCNN's pooled layers of windows of 10.24 s, on their principal axes, in one byte a coordinate.

`targets.npz` is small (1.6 MB), so a student can be trained on a machine that never ran the teacher.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .corpus import Track, open_store
from .levels import SEGMENT, Levels, Recording, first_rows
from .musicnn import POOLED

FILE = Path(__file__).resolve().parents[1] / "targets.npz"
"""Those of the first split (`third`), in the repository. Other splits train on the rows that they may hear."""
DIMENSIONS = 128
AXIS_POWER = 0.5
"""Each principal axis is divided by its deviation to this power: otherwise a few loud axes decide."""
VALIDATION_STEP = 8
"""Every eighth soundtrack of the training music is not trained on: it says when a student stops getting better."""


@dataclass(frozen=True)
class Targets:
    """One row a window; windows of one recording begin SEGMENT columns after each other."""

    recording: np.ndarray
    """Number in `levels.json`, [windows]."""
    segment: np.ndarray
    """Its first segment, [windows]."""
    values: np.ndarray
    """float32 [windows, DIMENSIONS]."""
    validates: np.ndarray
    """bool [windows]: of a soundtrack that is not trained on."""


def pairs_of(pooled: np.ndarray, segments: int) -> np.ndarray:
    """Of one recording, [segments, 2, POOLED] -> its windows of two segments [windows, 2 * POOLED]; one window of a recording
    with one segment. Windows with a missing segment are NaN."""
    most, mean = pooled[:, 0].astype(np.float32), pooled[:, 1].astype(np.float32)
    if segments > 1:
        most, mean = np.maximum(most[:-1], most[1:]), (mean[:-1] + mean[1:]) / 2
    return np.concatenate([most, mean], 1)


@dataclass(frozen=True)
class Axes:
    """From pooled layers to targets. Loudness is taken out first: the student does not know it, and it tells music apart no better with
    it (P@1 .406 with, .410 without, on the training music)."""

    mean: np.ndarray
    deviation: np.ndarray
    loudness: np.ndarray
    """What a cubic of the loudness explains, [4, 2 * POOLED]."""
    factor: np.ndarray

    def __call__(self, pooled: np.ndarray, loudness_db: np.ndarray) -> np.ndarray:
        """[windows, 2 * POOLED] -> float32 [windows, DIMENSIONS]."""
        z = (pooled.astype(np.float32) - self.mean) / self.deviation - cubic(loudness_db) @ self.loudness
        return z @ self.factor


def cubic(loudness_db: np.ndarray) -> np.ndarray:
    tens = (loudness_db[:, None] + 25) / 10
    return np.concatenate([np.ones_like(tens), tens, tens**2, tens**3], 1).astype(np.float32)


def loudness_db(levels: np.ndarray) -> np.ndarray:
    """Of mel levels in dB [windows, columns, BANDS]: [windows]."""
    return 10 * np.log10((10 ** (levels.astype(np.float32) / 10)).mean((1, 2)))


def fit_axes(pooled: np.ndarray, loudness: np.ndarray) -> Axes:
    mean, deviation = pooled.mean(0), pooled.std(0) + 1e-6
    z = (pooled - mean) / deviation
    explained = np.linalg.lstsq(cubic(loudness), z, rcond=None)[0].astype(np.float32)
    z -= cubic(loudness) @ explained
    sizes, axes = np.linalg.eigh((z.T @ z / len(z)).astype(np.float64))
    best = np.argsort(-sizes)[:DIMENSIONS]
    # Of fewer windows than axes some hold nothing but rounding.
    deviations = np.sqrt(sizes[best].clip(1e-6 * sizes.max()))
    return Axes(mean, deviation, explained, (axes[:, best] / deviations**AXIS_POWER).astype(np.float32))


def write_targets(store: Path) -> None:
    """`targets.npz` from `pooled.f16`, with the axes, which are those of the windows that are trained on."""
    levels = Levels(store)
    tracks = open_store(store)[0]
    rows = first_rows(levels.recordings)
    computed = np.memmap(store / "pooled.f16", np.float16, "r", shape=(int(rows[-1]), 2, POOLED))
    recordings, segments, windows, loudness = [], [], [], []
    for number, recording in enumerate(levels.recordings):
        found = pairs_of(computed[rows[number] : rows[number + 1]], recording.segments)
        known = np.flatnonzero(np.isfinite(found).all(1))
        recordings.append(np.full(len(known), number))
        segments.append(known)
        windows.append(found[known])
        loudness += [loudness_db(window_levels(levels, recording, segment)[None])[0] for segment in known]
    recording, segment, pooled = np.concatenate(recordings), np.concatenate(segments), np.concatenate(windows)
    axes = fit_axes(pooled, np.array(loudness))
    values = axes(pooled, np.array(loudness))
    # Few values lie beyond four deviations: they are cut.
    step = 4 * values.std(0) / 127 + 1e-9
    keys = [tracks[r.number].key if r.number >= 0 else "" for r in levels.recordings]
    np.savez_compressed(
        store / "targets.npz",
        key=np.array(keys)[recording],
        segment=segment.astype(np.int16),
        step=step.astype(np.float32),
        values=np.round(values / step).clip(-127, 127).astype(np.int8),
        axes_mean=axes.mean,
        axes_deviation=axes.deviation,
        axes_loudness=axes.loudness.astype(np.float16),
        axes_factor=axes.factor.astype(np.float16),
    )


def read_axes(file: Path) -> Axes:
    known = np.load(file)
    names = ("mean", "deviation", "loudness", "factor")
    return Axes(*(known[f"axes_{name}"].astype(np.float32) for name in names))


def window_levels(levels: Levels, recording: Recording, segment: int, spare: int = 0) -> np.ndarray:
    """The window that begins with a segment, and `spare` columns around it, [2 * SEGMENT + spare, BANDS] dB; short recordings are
    repeated."""
    at = np.arange(2 * SEGMENT + spare) + segment * SEGMENT - spare // 2
    at = np.clip(at, 0, recording.count - 1) if recording.count >= 2 * SEGMENT else at % recording.count
    return levels.values[recording.start + at]


def validation_labels(levels: Levels) -> set[str]:
    """Soundtracks that are not trained on but tell when a student stops getting better: the same ones with and without rendered scores."""
    labels = sorted({recording.label for recording in levels.recordings if recording.number >= 0})
    labels.sort(key=lambda label: hashlib.sha256(f"validation {label}".encode()).hexdigest())
    return set(labels[::VALIDATION_STEP])


def read_targets(file: Path, levels: Levels, tracks: list[Track]) -> Targets:
    """Rows of the recordings that the tracks' split trains on; others of the file are excluded, and so are windows beyond the end of a
    recording that is shorter here."""
    known = np.load(file)
    number_of = {
        tracks[r.number].key: number
        for number, r in enumerate(levels.recordings)
        if r.number >= 0 and tracks[r.number].use == "train"
    }
    number = np.array([number_of.get(key, -1) for key in known["key"]])
    ends = np.array([max(1, recording.segments - 1) for recording in levels.recordings])
    here = (number >= 0) & (known["segment"] < ends[number])
    number = number[here]
    held = validation_labels(levels)
    return Targets(
        recording=number,
        segment=known["segment"][here].astype(int),
        values=known["values"][here].astype(np.float32) * known["step"],
        validates=np.array([levels.recordings[n].label in held for n in number]),
    )
