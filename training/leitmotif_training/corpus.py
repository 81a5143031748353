"""The music: which tracks there are, which are kept out of training, and their sound as one file of samples.

Lists come from the benchmark's folder (`training.json`, `soundtracks.json`, `versions.json`), audio from the cache that
`node bench/quality/corpus.ts` fills through apt.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

RATE_HZ = 16_000
KEEP_OUT_SEED = "leitmotif 2026"
"""Part of the hash that decides which soundtracks are kept out of training."""


@dataclass(frozen=True)
class Track:
    """One recording. `start` and `length` are samples in the store; both are 0 before it is decoded."""

    key: str
    path: str
    label: str
    composer: str
    licence: str
    use: str
    """`train`, `kept-out` (a soundtrack no part of which is trained on) or `versions` (rendered quartets)."""
    in_benchmark: bool
    start: int = 0
    length: int = 0


def kept_out(soundtracks: list[dict]) -> set[str]:
    """Names (lower case) of the soundtracks kept out: of small, middle and large ones every third, by their hash."""
    sizes: dict[str, int] = {}
    for track in soundtracks:
        sizes[track["soundtrack"].lower()] = sizes.get(track["soundtrack"].lower(), 0) + 1
    chosen: set[str] = set()
    for low, high in ((0, 5), (6, 10), (11, 99)):
        names = [name for name, size in sizes.items() if low <= size <= high]
        names.sort(key=lambda name: hashlib.sha256(f"{KEEP_OUT_SEED} {name}".encode()).hexdigest())
        chosen.update(names[::3])
    return chosen


def read_tracks(bench: Path, cache: Path) -> list[Track]:
    """Every track once, those of the lists in their order, then the quartets."""
    soundtracks = json.loads((bench / "soundtracks.json").read_text())["tracks"]
    training = json.loads((bench / "training.json").read_text())["tracks"]
    out = kept_out(soundtracks)
    in_benchmark = {f"{track['package']}/{track['path']}" for track in soundtracks}
    may_train = {f"{track['package']}/{track['path']}" for track in training}
    tracks: dict[str, Track] = {}
    for entry in soundtracks + training:
        key = f"{entry['package']}/{entry['path']}"
        if key in tracks:
            continue
        label = entry["soundtrack"]
        use = "kept-out" if label.lower() in out else "train" if key in may_train else "neither"
        tracks[key] = Track(
            key,
            str(cache / "corpus" / key),
            label,
            entry.get("composer", ""),
            entry["licence"],
            use,
            key in in_benchmark,
        )
    for piece in json.loads((bench / "versions.json").read_text())["pieces"]:
        for recording in piece["recordings"]:
            name = recording["file"]
            tracks[name] = Track(name, str(bench / name), piece["pieceId"], "", "CC0", "versions", False)
    return list(tracks.values())


def decode(path: str, extra: tuple[str, ...] = ()) -> np.ndarray:
    """Samples of a recording, mono, 16 kHz, int16, shape [samples]."""
    command = [
        "ffmpeg",
        "-v",
        "error",
        "-nostdin",
        "-i",
        path,
        *extra,
        "-map",
        "0:a:0",
        "-ac",
        "1",
        "-ar",
        str(RATE_HZ),
    ]
    done = subprocess.run([*command, "-f", "s16le", "-"], capture_output=True, check=True)
    return np.frombuffer(done.stdout, dtype="<i2")


def build_store(bench: Path, cache: Path, store: Path, jobs: int = 2) -> None:
    """Decodes everything into `pcm.i16` with `tracks.json` beside it. 3 GB for 28 hours; five minutes on two cores."""
    store.mkdir(parents=True, exist_ok=True)
    tracks = read_tracks(bench, cache)
    stored: list[dict] = []
    at = 0
    with open(store / "pcm.i16", "wb") as file, ThreadPoolExecutor(jobs) as pool:
        for number, (track, samples) in enumerate(zip(tracks, pool.map(lambda t: decode(t.path), tracks))):
            file.write(samples.tobytes())
            stored.append({**asdict(track), "path": track.path, "start": at, "length": len(samples)})
            at += len(samples)
            print(f"\r{number + 1} of {len(tracks)} tracks, {at / RATE_HZ / 3600:.1f} h", end="", file=sys.stderr)
    (store / "tracks.json").write_text(json.dumps(stored, indent=1))


def open_store(store: Path) -> tuple[list[Track], np.ndarray]:
    """The tracks and all of their samples, int16, one after the other, mapped from disk."""
    tracks = [Track(**entry) for entry in json.loads((store / "tracks.json").read_text())]
    return tracks, np.memmap(store / "pcm.i16", dtype="<i2", mode="r")


def window_starts(length: int, size: int) -> list[int]:
    """Where the product's windows begin: one after the other, then a tail that reaches back. Samples."""
    if length <= size:
        return [0]
    starts = list(range(0, length - size + 1, size))
    if length - starts[-1] - size >= RATE_HZ // 10:
        starts.append(length - size)
    return starts


def data_table(tracks: list[Track]) -> str:
    """Packages by use, with tracks, minutes and licences: the model card's list of data, as Markdown."""
    groups: dict[tuple[str, str], list[Track]] = {}
    for track in tracks:
        if track.use in ("train", "kept-out"):
            groups.setdefault((track.use, track.key.split("/", 1)[0]), []).append(track)
    lines = ["| use | package | tracks | minutes | licences |", "| --- | --- | --- | --- | --- |"]
    for (use, package), members in sorted(groups.items(), key=lambda item: (item[0][0] != "train", item[0][1])):
        minutes = sum(track.length for track in members) / RATE_HZ / 60
        licences = ", ".join(sorted({track.licence for track in members}))
        lines.append(f"| {use} | `{package}` | {len(members)} | {minutes:.0f} | {licences} |")
    return "\n".join(lines)
