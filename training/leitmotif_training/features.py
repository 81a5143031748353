"""What every space is computed from: for each window the statistics of the hand-made branches and the mel levels.

A set is a folder of arrays, one row a window: `owner` (number of the track), `start` and `end` (seconds), `timbre`
[n, 182], `harmony` [n, 420], `levels` [n, 312, 64] in dB.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime
import torch

from .corpus import RATE_HZ, Track, open_store, window_starts
from .mel import MelPower
from .recipes import DAMAGES, damaged, noise_paths

WINDOW = 10 * RATE_HZ
QUIET_DB = -60.0


@dataclass
class WindowSet:
    """Rows of one set; `damage` names the damage of queries, '' elsewhere."""

    owner: np.ndarray
    start: np.ndarray
    end: np.ndarray
    damage: np.ndarray
    timbre: np.ndarray
    harmony: np.ndarray
    levels: np.ndarray

    def take(self, rows: np.ndarray) -> WindowSet:
        return WindowSet(*(getattr(self, name)[rows] for name in self.__dataclass_fields__))

    def save(self, file: Path) -> None:
        np.savez(file, **{name: getattr(self, name) for name in self.__dataclass_fields__})

    @staticmethod
    def load(file: Path) -> WindowSet:
        return WindowSet(**np.load(file))


class Analyser:
    """Windows of samples to features."""

    def __init__(self, statistics: Path) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(statistics, options, providers=["CPUExecutionProvider"])
        self.mel = MelPower()

    def __call__(self, window: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        timbre, harmony = self.session.run(["timbre", "harmony"], {"pcm": window[None]})
        with torch.inference_mode():
            power = self.mel(torch.from_numpy(window)[None])[0]
        return timbre[0], harmony[0], (10 * torch.log10(power + 1e-10)).T.half().numpy()


def windows(samples: np.ndarray) -> Iterable[tuple[float, float, np.ndarray]]:
    """(start, end, float32 samples [WINDOW]) of a recording, as the product cuts it, without near silence."""
    for start in window_starts(len(samples), WINDOW):
        window = samples[start : start + WINDOW].astype(np.float32) / 32768
        end = (start + len(window)) / RATE_HZ
        if len(window) < RATE_HZ // 2 or 10 * np.log10(np.mean(window**2) + 1e-12) < QUIET_DB:
            continue
        if len(window) < WINDOW:
            window = np.tile(window, WINDOW // len(window) + 1)[:WINDOW]
        yield start / RATE_HZ, end, window


def build_set(file: Path, pieces: Iterable[tuple[int, str, np.ndarray]], analyser: Analyser, every: int = 0) -> None:
    """@param pieces (track number, damage, samples int16); `every` > 0 keeps at most that many windows of a piece"""
    rows: list[tuple] = []
    for owner, damage, samples in pieces:
        found = list(windows(samples))
        if every and len(found) > every:
            found = [found[i] for i in np.unique(np.linspace(0, len(found) - 1, every).round().astype(int))]
        rows.extend((owner, start, end, damage, *analyser(window)) for start, end, window in found)
        print(f"\r{file.name}: {len(rows)} windows", end="", file=sys.stderr)
    columns = list(zip(*rows))
    arrays = [np.array(column) for column in columns[:4]] + [np.stack(column) for column in columns[4:]]
    WindowSet(*arrays).save(file)


def library_pieces(tracks: list[Track], pcm: np.ndarray) -> Iterable[tuple[int, str, np.ndarray]]:
    """All of the soundtracks benchmark and the quartets."""
    for number, track in enumerate(tracks):
        if track.in_benchmark or track.use == "versions":
            yield number, "", np.asarray(pcm[track.start : track.start + track.length])


EXCERPT_SEC = 30
TRACK_STEP = 3
"""Every third track asks; the product's bench takes every tenth."""


def damaged_pieces(tracks: list[Track], bench: Path) -> Iterable[tuple[int, str, np.ndarray]]:
    """Half a minute from the middle of the first half of every third track, clean and damaged ten ways."""
    noises = noise_paths(bench)
    usable = [(n, t) for n, t in enumerate(tracks) if t.in_benchmark and t.length >= 2 * WINDOW]
    for number, track in usable[::TRACK_STEP]:
        starts = window_starts(track.length, WINDOW)
        half = ((starts[-1] + WINDOW) / RATE_HZ) / 2
        first = [s / RATE_HZ + 10 for s in starts if s / RATE_HZ + 10 <= half]
        if not first:
            continue
        begin = max(0, round(first[-1] / 2 - EXCERPT_SEC / 2))
        for damage in ("clean", *DAMAGES):
            yield number, damage, damaged(track.path, begin, min(EXCERPT_SEC, first[-1] - begin), damage, noises)


def build_library(store: Path) -> None:
    """`library.npz`: all windows of the soundtracks benchmark and the quartets."""
    tracks, pcm = open_store(store)
    build_set(store / "library.npz", library_pieces(tracks, pcm), Analyser(store / "statistics.onnx"))


def build_damaged(store: Path, bench: Path) -> None:
    """`damaged.npz`: the queries of the degraded protocol."""
    tracks, _ = open_store(store)
    build_set(store / "damaged.npz", damaged_pieces(tracks, bench), Analyser(store / "statistics.onnx"))
