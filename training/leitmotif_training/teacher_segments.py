"""MusiCNN's pooled layers of every segment of the training music: the source of the student's targets (targets.py).

`pooled.f16` holds maximum and mean over time of all layers, [segments, 2, POOLED], one segment 5.12 s, in the order of the store's
recordings. Rows that are not computed yet are NaN. Every prefix of the computing order covers all recordings evenly, so a run may be
stopped at any time, and the next one continues.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np
import torch

from .corpus import RATE_HZ, Track, open_store, split_tracks
from .fast_musicnn import fast_musicnn
from .levels import SEGMENT, Levels, Recording, first_rows
from .mel import FRAME_SEC
from .musicnn import POOLED

SAMPLES = int(SEGMENT * FRAME_SEC * RATE_HZ)
BATCH = 8


def segment_order(recordings: list[Recording], wanted: np.ndarray) -> np.ndarray:
    """(recording, segment) of the wanted recordings: one of each recording first, each next one far from those before it."""
    places = []
    for number in np.flatnonzero(wanted):
        count = recordings[number].segments
        # Steps of the golden ratio fill any interval evenly.
        shuffled = np.argsort((np.arange(count) * 0.6180339887) % 1, kind="stable")
        places.extend((turn, number, segment) for turn, segment in enumerate(shuffled))
    return np.array([(number, segment) for _, number, segment in sorted(places)])


def write_pooled(store: Path, split: str = "third", minutes: float = 600, name: str = "MTT_musicnn") -> None:
    """Computes the missing rows of the music that `split` lets a run train on. 20 ms a segment with matrix units (AMX), 60
    to 75 without: 4 or 14 minutes for eleven thousand."""
    tracks = split_tracks(open_store(store)[0], split)
    levels = Levels(store)
    rows = first_rows(levels.recordings)
    file = store / "pooled.f16"
    shape = (int(rows[-1]), 2, POOLED)
    if not file.exists():
        np.memmap(file, np.float16, "w+", shape=shape)[:] = np.nan
    pooled = np.memmap(file, np.float16, "r+", shape=shape)
    wanted = np.array([_trains(tracks, recording) for recording in levels.recordings])
    order = segment_order(levels.recordings, wanted)
    order = order[np.isnan(pooled[rows[order[:, 0]] + order[:, 1], 0, 0].astype(np.float32))]
    network, pcm = fast_musicnn(name), open_store(store)[1]
    ends = time.monotonic() + 60 * minutes
    for at in range(0, len(order), BATCH):
        chosen = order[at : at + BATCH]
        sound = np.stack([_segment(pcm, tracks[levels.recordings[n].number], s) for n, s in chosen])
        with torch.inference_mode():
            found = network(torch.from_numpy(sound)).numpy()
        pooled[rows[chosen[:, 0]] + chosen[:, 1]] = found.astype(np.float16)
        print(f"\rteacher: {at + len(chosen)} of {len(order)} segments", end="", file=sys.stderr)
        if time.monotonic() > ends:
            break
    pooled.flush()


def _trains(tracks: list[Track], recording: Recording) -> bool:
    return recording.number >= 0 and tracks[recording.number].use == "train"


def _segment(pcm: np.ndarray, track: Track, segment: int) -> np.ndarray:
    """float32 [SAMPLES]; the last one may end in silence."""
    begin = track.start + segment * SAMPLES
    part = pcm[begin : min(track.start + track.length, begin + SAMPLES)]
    sound = np.zeros(SAMPLES, np.float32)
    sound[: len(part)] = part / np.float32(32768)
    return sound
