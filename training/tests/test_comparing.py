"""Differences with intervals of their own, and splits that keep every soundtrack out once."""

from __future__ import annotations

import json
import wave
from pathlib import Path

import numpy as np
import pytest
from test_going_on import SMALL, write_store

from leitmotif_training import corpus
from leitmotif_training.__main__ import fetch
from leitmotif_training.compare import print_folds, print_pairs
from leitmotif_training.corpus import RATE_HZ, SPLITS, build_store, kept_out, open_store
from leitmotif_training.features import WindowSet
from leitmotif_training.mel import BANDS
from leitmotif_training.protocols import Measured, estimate
from leitmotif_training.recipes import DAMAGES
from leitmotif_training.train import Settings, train


def test_a_difference_is_known_better_than_two_figures_of_hard_and_easy_recordings() -> None:
    random = np.random.default_rng(0)
    recordings = np.repeat(np.arange(60), 20)
    hardness = random.random(60)[recordings]
    drawn = random.random(len(recordings))
    before = Measured(drawn < hardness, recordings)
    now = Measured(drawn < np.minimum(1, hardness + 0.05), recordings)
    difference = now.less(before)
    assert difference.low > 0
    assert difference.mean == pytest.approx(now.values.mean() - before.values.mean())
    assert estimate(before.values, recordings).high > estimate(now.values, recordings).low


def test_answers_to_different_questions_are_not_paired() -> None:
    with pytest.raises(ValueError, match="not asked the same questions"):
        Measured(np.ones(3), np.array([0, 1, 2])).less(Measured(np.ones(3), np.array([0, 1, 3])))


def test_pooled_folds_weigh_every_question_alike() -> None:
    parts = [Measured(np.ones(1), np.array([4])), Measured(np.zeros(3), np.array([7, 7, 8]))]
    assert Measured.pooled(parts).values.mean() == 0.25


def test_the_five_folds_keep_every_soundtrack_out_once_and_are_of_like_size() -> None:
    soundtracks = [{"soundtrack": f"Game {n}"} for n in range(34) for _ in range(1 + n % 14)]
    folds = [kept_out(soundtracks, f"{fold}/5") for fold in range(5)]
    assert sorted(name for fold in folds for name in fold) == sorted({t["soundtrack"].lower() for t in soundtracks})
    assert {len(fold) for fold in folds} <= {5, 6, 7, 8, 9}
    assert kept_out(soundtracks, "none") == set()
    with pytest.raises(ValueError, match=f"expected one of {', '.join(SPLITS)}, got 6/5"):
        kept_out(soundtracks, "6/5")


def write_bench(folder: Path, count: int) -> tuple[Path, Path]:
    """A benchmark of tones: (bench, cache)."""
    bench, cache = folder / "bench", folder / "cache"
    bench.mkdir()
    entries = []
    for number in range(count):
        file = cache / "corpus/p" / f"{number}.wav"
        file.parent.mkdir(parents=True, exist_ok=True)
        with wave.open(str(file), "wb") as out:
            out.setparams((1, 2, RATE_HZ, 0, "NONE", ""))
            out.writeframes(np.full(RATE_HZ + 100 * number, 100 * number, "<i2").tobytes())
        entries.append({"package": "p", "path": f"{number}.wav", "soundtrack": f"Game {number}", "licence": "CC0"})
    (bench / "soundtracks.json").write_text(json.dumps({"tracks": entries[:2]}))
    (bench / "training.json").write_text(json.dumps({"tracks": entries}))
    (bench / "versions.json").write_text(json.dumps({"pieces": []}))
    return bench, cache


def test_decoding_that_is_killed_goes_on_after_the_last_whole_track(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench, cache = write_bench(tmp_path, 6)
    store, straight = tmp_path / "store", tmp_path / "straight"
    build_store(bench, cache, straight, jobs=1)
    decode, decoded, broken = corpus.decode, [], [True]

    def dies_at_the_fourth(path: str) -> np.ndarray:
        decoded.append(Path(path).name)
        if path.endswith("3.wav") and broken[0]:
            raise KeyboardInterrupt
        return decode(path)

    monkeypatch.setattr(corpus, "decode", dies_at_the_fourth)
    with pytest.raises(KeyboardInterrupt):
        build_store(bench, cache, store, jobs=1)
    # A kill may come in the middle of a track, too.
    with open(store / "pcm.i16", "ab") as file:
        file.write(bytes(34))
    decoded.clear()
    broken[0] = False
    build_store(bench, cache, store, jobs=1)
    assert decoded == ["3.wav", "4.wav", "5.wav"]
    assert (store / "pcm.i16").read_bytes() == (straight / "pcm.i16").read_bytes()
    assert open_store(store)[0] == open_store(straight)[0]


def test_a_track_that_apt_does_not_have_is_left_out_and_the_others_stay(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bench, cache = write_bench(tmp_path, 4)
    (cache / "corpus/p/1.wav").unlink()
    build_store(bench, cache, tmp_path / "store")
    tracks, pcm = open_store(tmp_path / "store")
    assert [track.key for track in tracks] == ["p/0.wav", "p/2.wav", "p/3.wav"]
    assert [int(pcm[track.start]) for track in tracks] == [0, 200, 300]
    assert "1 of 4 tracks are not there" in capsys.readouterr().err


def test_where_nothing_was_fetched_nothing_is_decoded(tmp_path: Path) -> None:
    bench, cache = write_bench(tmp_path, 3)
    with pytest.raises(ValueError, match="no track of training.json is in .*elsewhere/corpus"):
        build_store(bench, cache / "elsewhere", tmp_path / "store")


def test_missing_programs_are_named_before_anything_is_fetched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for program in ("ffmpeg", "dpkg"):
        (tmp_path / program).write_text("")
        (tmp_path / program).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SystemExit, match="apt-get install espeak-ng fluidsynth unzip$"):
        fetch(tmp_path / "bench", tmp_path / "cache", tmp_path / "store")
    assert not (tmp_path / "store").exists()


def write_runs(folder: Path, splits: list[str]) -> tuple[Path, list[Path]]:
    """A store of noise with a benchmark over it, and a run of one batch for each split."""
    store = write_store(folder / "store")
    random = np.random.default_rng(6)
    owners = np.repeat(np.arange(12), 2)
    starts = np.tile([0.0, 10.0], 12)

    def windows(owner: np.ndarray, start: np.ndarray, damage: str) -> WindowSet:
        """Much of a track's label is in its numbers, so that something is found."""
        n = len(owner)
        timbre, harmony = (random.standard_normal((n, size)) + 3 * means[owner // 3] for size, means in kinds)
        levels = random.uniform(-60, -20, (n, 312, BANDS)).astype(np.float16)
        return WindowSet(owner, start, start + 10, np.full(n, damage, "<U20"), timbre, harmony, levels)

    kinds = [(size, random.standard_normal((4, size))) for size in (182, 420)]
    windows(owners, starts, "").save(store / "library.npz")
    parts = [windows(np.arange(12), np.zeros(12), damage) for damage in ("clean", *DAMAGES)]
    names = WindowSet.__dataclass_fields__
    WindowSet(*(np.concatenate([getattr(part, name) for part in parts]) for name in names)).save(store / "damaged.npz")
    runs = []
    for split in splits:
        train(store, folder / split.replace("/", "-"), Settings(**{**vars(SMALL), "steps": 1, "split": split}), 1)
        runs.append(folder / split.replace("/", "-") / "checkpoint.pt")
    return store, runs


def test_folds_are_pooled_so_that_every_track_asks_once_of_a_run_that_never_heard_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    store, runs = write_runs(tmp_path, ["0/5", "1/5", "2/5", "3/5"])
    pooled: list[Measured] = []
    pool = Measured.pooled
    monkeypatch.setattr(Measured, "pooled", staticmethod(lambda parts: pooled.append(pool(parts)) or pooled[-1]))
    print_folds(store, runs, keep_hand_made=True)
    rows = [line for line in capsys.readouterr().out.splitlines() if line.startswith("| kept-out ask all")]
    assert len(rows) == 1 and rows[0].count("[") == 3
    assert sorted(pooled[0].groups) == sorted(np.repeat(np.arange(12), 2))
    with pytest.raises(ValueError, match="expected runs of different folds, got splits 0/5, 0/5"):
        print_folds(store, [runs[0], runs[0]], keep_hand_made=True)


def test_two_runs_are_compared_in_pairs_and_only_where_both_kept_out_the_same(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store, (third, fold) = write_runs(tmp_path, ["third", "0/5"])
    print_pairs(store, third, str(third), keep_hand_made=True)
    rows = [line for line in capsys.readouterr().out.splitlines() if line.startswith("| soundtracks")]
    assert [row.split("|")[4].strip() for row in rows] == ["0.000 [0.000, 0.000]"] * 3
    with pytest.raises(ValueError, match="trained with split 0/5, the other with third"):
        print_pairs(store, fold, str(third), keep_hand_made=True)
