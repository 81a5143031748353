"""The student: its targets, its training, and the fast form of its teacher."""

from __future__ import annotations

import importlib.util
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from test_going_on import write_store

from leitmotif_training import distil
from leitmotif_training.corpus import open_store
from leitmotif_training.levels import Levels, Recording, first_rows
from leitmotif_training.musicnn import POOLED
from leitmotif_training.network import TimbreNet
from leitmotif_training.student import StudentNet
from leitmotif_training.targets import DIMENSIONS, pairs_of, read_targets, validation_labels, write_targets
from leitmotif_training.teacher_segments import segment_order

SMALL = distil.Settings(minutes=1e9, steps=40, save_seconds=0, batch=4, width=4, readout=8)


@pytest.mark.skipif(importlib.util.find_spec("musicnn") is None, reason="pip install --no-deps musicnn==0.1.0")
def test_the_fast_teacher_gives_the_pooled_layers_of_the_exact_one() -> None:
    from leitmotif_training.fast_musicnn import FastMusiCnn, RuntimeMusiCnn
    from leitmotif_training.musicnn import MusiCnn

    torch.manual_seed(0)
    sound = 0.1 * torch.randn(2, 30_000).cumsum(1) / 50
    with torch.inference_mode():
        exact = MusiCnn().pooled(sound)
        torch.testing.assert_close(FastMusiCnn(precision=torch.float32)(sound), exact, atol=2e-3, rtol=1e-3)
        torch.testing.assert_close(RuntimeMusiCnn()(sound), exact, atol=2e-3, rtol=1e-3)
        near = FastMusiCnn()(sound)
    assert torch.corrcoef(torch.stack([near.flatten(), exact.flatten()]))[0, 1] > 0.999


@pytest.mark.skipif(importlib.util.find_spec("musicnn") is None, reason="pip install --no-deps musicnn==0.1.0")
def test_mixtures_are_appended_with_targets_of_their_own_and_trained_on(tmp_path: Path) -> None:
    from leitmotif_training.mixtures import FRAMES, Mixtures, write_mixtures

    store = write_store(tmp_path / "store")
    write_pooled(store)
    write_targets(store)
    random = np.random.default_rng(6)
    tracks = [replace(t, start=n * 40_000, length=40_000) for n, t in enumerate(open_store(store)[0])]
    (store / "tracks.json").write_text(json.dumps([vars(track) for track in tracks]))
    (random.standard_normal(40_000 * len(tracks)) * 3000).astype("<i2").tofile(store / "pcm.i16")
    counts = []
    for _ in range(2):
        write_mixtures(store, minutes=1 / 60)
        counts.append(Mixtures(store, "third").ready())
    assert 0 < counts[0] < counts[1]
    mixtures = Mixtures(store, "third")
    assert mixtures.ready() >= 2
    levels, whole, first, second = mixtures.take(np.array([0, 1]))
    assert levels.shape == (2, FRAMES, 64) and np.isfinite(levels).all()
    assert all(np.isfinite(targets).all() and targets.shape == (2, DIMENSIONS) for targets in (whole, first, second))
    assert np.abs(whole[0] - whole[1]).max() > 0 and np.abs(first - second).max() > 0
    settings = distil.Settings(**{**vars(SMALL), "steps": 2, "mixed": 0.5})
    distil.distil(store, tmp_path / "run", settings)
    assert torch.load(tmp_path / "run" / "student.pt", weights_only=True)["state"]["step"] == 2


def test_every_prefix_of_the_order_covers_all_wanted_recordings_evenly() -> None:
    recordings = [Recording(number, "", 0, 160 * count) for number, count in enumerate((40, 1, 7, 25))]
    order = segment_order(recordings, np.array([True, True, False, True]))
    assert len({tuple(row) for row in order.tolist()}) == len(order) == 66
    assert set(order[:3, 0]) == {0, 1, 3}
    for end in range(3, 50):
        counts = np.bincount(order[:end, 0], minlength=4)
        assert abs(counts[0] - counts[3]) <= 1 and counts[2] == 0
    heard = np.sort(order[order[:, 0] == 0][:10, 1])
    assert np.diff(np.concatenate([[0], heard, [39]])).max() <= 8, "a quarter of a recording leaves no long gap"


def test_a_window_has_the_larger_maximum_and_the_mean_of_the_means() -> None:
    random = np.random.default_rng(1)
    pooled = random.standard_normal((3, 2, POOLED)).astype(np.float32)
    found = pairs_of(pooled, 3)
    assert found.shape == (2, 2 * POOLED)
    np.testing.assert_allclose(found[1, :POOLED], np.maximum(pooled[1, 0], pooled[2, 0]))
    np.testing.assert_allclose(found[0, POOLED:], (pooled[0, 1] + pooled[1, 1]) / 2)
    np.testing.assert_allclose(pairs_of(pooled[:1], 1)[0], pooled[0].flatten())
    pooled[2] = np.nan
    assert np.isfinite(pairs_of(pooled, 3)).all(1).tolist() == [True, False]


def write_pooled(store: Path, seed: int = 3) -> Levels:
    """Pooled layers that follow from the mean levels of the segments, so that they can be guessed; label 3 was not heard."""
    levels, random = Levels(store), np.random.default_rng(seed)
    rows = first_rows(levels.recordings)
    to_pooled = random.standard_normal((levels.values.shape[1], 2 * POOLED)) / 8
    pooled = np.full((int(rows[-1]), 2 * POOLED), np.nan, np.float16)
    for number, recording in enumerate(levels.recordings):
        if recording.number < 0 or recording.label == "label 3":
            continue
        for segment in range(recording.segments):
            mean = levels.source(recording, segment).astype(np.float32).mean(0)
            pooled[rows[number] + segment] = (mean - mean.mean()) @ to_pooled
    pooled.tofile(store / "pooled.f16")
    return levels


def test_targets_hold_what_was_heard_and_nothing_else(tmp_path: Path) -> None:
    store = write_store(tmp_path / "store")
    levels = write_pooled(store)
    write_targets(store)
    tracks = open_store(store)[0]
    targets = read_targets(store / "targets.npz", levels, tracks)
    assert targets.values.shape == (len(targets.recording), DIMENSIONS) and np.isfinite(targets.values).all()
    assert {levels.recordings[n].label for n in targets.recording} == {"label 0", "label 1", "label 2"}
    for number in set(targets.recording):
        own = targets.segment[targets.recording == number]
        assert own.tolist() == list(range(levels.recordings[number].segments - 1))
    renamed = [replace(track, key="elsewhere") if track.label == "label 0" else track for track in tracks]
    fewer = read_targets(store / "targets.npz", levels, renamed)
    assert {levels.recordings[n].label for n in fewer.recording} == {"label 1", "label 2"}
    short = json.loads((store / "levels.json").read_text())
    short[0]["count"] = 1
    (store / "levels.json").write_text(json.dumps(short))
    cut = read_targets(store / "targets.npz", Levels(store), tracks)
    assert cut.segment[cut.recording == 0].tolist() == [0], (
        "no window beyond the end of a recording that is shorter here"
    )
    kept_out = [replace(track, use="kept-out") if track.label == "label 1" else track for track in tracks]
    trained = read_targets(store / "targets.npz", levels, kept_out)
    assert {levels.recordings[n].label for n in trained.recording} == {"label 0", "label 2"}


def test_the_same_soundtracks_are_held_out_with_and_without_rendered_scores(tmp_path: Path) -> None:
    levels = Levels(write_store(tmp_path / "store"))
    held = validation_labels(levels)
    assert held and not any(label.startswith("scores/") for label in held)
    levels.recordings = [recording for recording in levels.recordings if recording.number >= 0]
    assert validation_labels(levels) == held


def test_a_student_learns_its_targets_and_starts_from_a_trained_trunk(tmp_path: Path) -> None:
    store = write_store(tmp_path / "store")
    write_pooled(store)
    write_targets(store)
    for steps in (10, 160):
        learning = {"steps": steps, "save_seconds": 1e9, "damaged": 0.0, "rate": 5e-3}
        settings = distil.Settings(**{**vars(SMALL), **learning})
        distil.distil(store, tmp_path / "run", settings)
    first, last = (
        json.loads(line)["loss"][1] for line in (tmp_path / "run" / "student.jsonl").read_text().splitlines()
    )
    assert last < first - 0.2
    network = distil.load_student(tmp_path / "run" / "student.pt")
    trunk = TimbreNet(SMALL.width, 8, 8).eval()
    network.start_from(trunk)
    x = torch.rand(2, 2, 64, 96)
    with torch.inference_mode():
        torch.testing.assert_close(network.stages[0](network.stem(x)), trunk.body[0](trunk.stem(x)))


def test_an_interrupted_run_ends_where_an_uninterrupted_one_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = write_store(tmp_path / "store")
    write_pooled(store)
    write_targets(store)
    settings = distil.Settings(**{**vars(SMALL), "steps": 12})
    distil.distil(store, tmp_path / "straight", settings)
    steps, usual = iter(range(99)), distil.average

    def interrupted(*given: object) -> None:
        if next(steps) == 7:
            raise KeyboardInterrupt
        usual(*given)

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(distil, "average", interrupted)
        distil.distil(store, tmp_path / "pieced", settings)
    distil.distil(store, tmp_path / "pieced", settings)
    whole, pieced = (torch.load(tmp_path / run / "student.pt", weights_only=True) for run in ("straight", "pieced"))
    assert whole["state"]["step"] == pieced["state"]["step"] == 12
    for name, value in whole["averaged"].items():
        torch.testing.assert_close(pieced["averaged"][name], value, msg=name)


def test_a_student_reads_windows_of_any_length() -> None:
    network = StudentNet(4, 6, 8).eval()
    with torch.inference_mode():
        for frames in (156, 312, 320):
            assert network(torch.rand(2, 64, frames)).shape == (2, 6)


def test_halves_are_read_out_as_windows_of_their_own() -> None:
    network = StudentNet(4, 6, 8).eval()
    power = torch.rand(3, 64, 320)
    with torch.inference_mode():
        found = network.features_of_halves(power, 2)
        assert found.shape == (3 + 2 * 2, 9 * 8)
        torch.testing.assert_close(found[:3], network.features(power))
        torch.testing.assert_close(network.features_of_halves(power, 0), found[:3])
        means, most = (slice(8 * part, 8 * part + 8) for part in (0, 2))
        # Of the last two windows; a window's mean is that of its halves' means, its maximum the larger of theirs.
        torch.testing.assert_close((found[3:5, means] + found[5:7, means]) / 2, found[1:3, means])
        torch.testing.assert_close(torch.maximum(found[3:5, most], found[5:7, most]), found[1:3, most])
