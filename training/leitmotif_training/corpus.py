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
from dataclasses import asdict, dataclass, replace
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
    """`train`, `kept-out` (a soundtrack no part of which is trained on), `versions` (rendered quartets) or `neither`."""
    in_benchmark: bool
    may_train: bool
    """It is in `training.json`: what is kept out in one split is trained on in another."""
    start: int = 0
    length: int = 0


FOLDS = 5
SPLITS = ("third", *(f"{fold}/{FOLDS}" for fold in range(FOLDS)), "none")
"""Which soundtracks are kept out: every third (twelve), one fold of five (about seven; the five together are all), or none."""


def kept_out(soundtracks: list[dict], split: str = "third") -> set[str]:
    """Names (lower case) of the soundtracks kept out: of small, middle and large ones every third, or one fold, by their
    hash."""
    if split not in SPLITS:
        raise ValueError(f"Cannot split: expected one of {', '.join(SPLITS)}, got {split}")
    if split == "none":
        return set()
    first, step = (0, 3) if split == "third" else (int(split.split("/")[0]), FOLDS)
    sizes: dict[str, int] = {}
    for track in soundtracks:
        sizes[track["soundtrack"].lower()] = sizes.get(track["soundtrack"].lower(), 0) + 1
    chosen: set[str] = set()
    for low, high in ((0, 5), (6, 10), (11, 99)):
        names = [name for name, size in sizes.items() if low <= size <= high]
        names.sort(key=lambda name: hashlib.sha256(f"{KEEP_OUT_SEED} {name}".encode()).hexdigest())
        chosen.update(names[first::step])
    return chosen


def split_tracks(tracks: list[Track], split: str) -> list[Track]:
    """The same tracks, put to another use: all of the store is decoded and analysed once for every split."""
    if split == SPLITS[0]:
        return tracks
    out = kept_out([{"soundtrack": track.label} for track in tracks if track.in_benchmark], split)
    return [track if track.use == "versions" else replace(track, use=_use(track, out)) for track in tracks]


def _use(track: Track, out: set[str]) -> str:
    return "kept-out" if track.label.lower() in out else "train" if track.may_train else "neither"


def read_tracks(bench: Path, cache: Path) -> list[Track]:
    """Every track once, those of the lists in their order, then the quartets; used as the first split says."""
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
        track = Track(
            key,
            str(cache / "corpus" / key),
            entry["soundtrack"],
            entry.get("composer", ""),
            entry["licence"],
            "",
            key in in_benchmark,
            key in may_train,
        )
        tracks[key] = replace(track, use=_use(track, out))
    for piece in json.loads((bench / "versions.json").read_text())["pieces"]:
        for recording in piece["recordings"]:
            name = recording["file"]
            tracks[name] = Track(name, str(bench / name), piece["pieceId"], "", "CC0", "versions", False, False)
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
    """Decodes everything into `pcm.i16` with `tracks.json` beside it. 3 GB for 28 hours; five minutes on two cores.

    Killed and started again, it goes on after the last whole track. A track whose file is not there is left out.
    """
    store.mkdir(parents=True, exist_ok=True)
    tracks = read_tracks(bench, cache)
    here = [track for track in tracks if Path(track.path).exists()]
    if not any(track.may_train for track in here):
        raise ValueError(
            f"Cannot decode: no track of training.json is in {cache / 'corpus'}. What does bench/quality/corpus.ts say?"
        )
    if len(here) < len(tracks):
        print(f"{len(tracks) - len(here)} of {len(tracks)} tracks are not there and are left out", file=sys.stderr)
    # One line a decoded track: [key, start, length].
    done_file = store / "tracks.part.jsonl"
    lines = done_file.read_text().splitlines() if done_file.exists() else []
    place = {key: (start, length) for key, start, length in map(json.loads, lines)}
    at = max((start + length for start, length in place.values()), default=0)
    todo = [track for track in here if track.key not in place]
    with open(store / "pcm.i16", "r+b" if place else "wb") as file, ThreadPoolExecutor(jobs) as pool:
        file.seek(2 * at)
        file.truncate()
        for track, samples in zip(todo, pool.map(lambda t: decode(t.path), todo)):
            file.write(samples.tobytes())
            file.flush()
            place[track.key] = (at, len(samples))
            with open(done_file, "a") as done:
                done.write(json.dumps([track.key, at, len(samples)]) + "\n")
            at += len(samples)
            print(f"\r{len(place)} of {len(here)} tracks, {at / RATE_HZ / 3600:.1f} h", end="", file=sys.stderr)
    placed = [replace(track, start=place[track.key][0], length=place[track.key][1]) for track in here]
    (store / "tracks.json").write_text(json.dumps([asdict(track) for track in placed], indent=1))
    done_file.unlink(missing_ok=True)


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
