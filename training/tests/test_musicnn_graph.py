"""The graph of the downloadable model: what is committed is what the export writes, and it holds no weights of MusiCNN."""

from __future__ import annotations

import base64
import importlib.util
import json
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, numpy_helper

from leitmotif_training import export_musicnn, shipped

WITHOUT_PACKAGE = pytest.mark.skipif(
    importlib.util.find_spec("musicnn") is None, reason="pip install --no-deps musicnn==0.1.0"
)
COMMITTED = export_musicnn.FOLDER


def graph_of(folder: Path) -> onnx.GraphProto:
    return onnx.load(folder / "musicnn.onnx", load_external_data=False).graph


def test_every_tensor_of_the_checkpoint_is_outside_and_all_others_are_inside() -> None:
    tensors = graph_of(COMMITTED).initializer
    outside = [tensor for tensor in tensors if tensor.data_location == TensorProto.EXTERNAL]
    assert {t.name for t in outside} == {t.name for t in tensors if t.name.startswith("checkpoint/")}
    assert len(outside) == 9 * 4 + 8 * 2 and not any(tensor.raw_data for tensor in outside)
    assert {entry.value for t in outside for entry in t.external_data if entry.key == "location"} == {
        "MTT_musicnn.data-00000-of-00001"
    }


@WITHOUT_PACKAGE
def test_the_export_writes_what_is_committed(tmp_path: Path) -> None:
    export_musicnn.export(tmp_path, tmp_path / "reference.json")
    made, committed = graph_of(tmp_path), graph_of(COMMITTED)
    assert list(made.node) == list(committed.node)
    assert [tensor.name for tensor in made.initializer] == [tensor.name for tensor in committed.initializer]
    for ours, theirs in zip(made.initializer, committed.initializer):
        if ours.data_location == TensorProto.EXTERNAL:
            assert ours == theirs
        else:
            # Sums may differ in their last bit on another processor.
            np.testing.assert_allclose(
                numpy_helper.to_array(ours), numpy_helper.to_array(theirs), rtol=1e-5, atol=1e-5, err_msg=ours.name
            )
    manifest = json.loads((COMMITTED / "model.json").read_text())
    again = json.loads((tmp_path / "model.json").read_text())
    assert again["network"]["data"] == manifest["network"]["data"]
    vectors = [floats(json.loads(text.read_text())["windows"][1]["vector"]) for text in references(tmp_path)]
    np.testing.assert_allclose(vectors[0], vectors[1], atol=1e-4)


def references(folder: Path) -> tuple[Path, Path]:
    return folder / "reference.json", export_musicnn.REFERENCE


def floats(text: str) -> np.ndarray:
    return np.frombuffer(base64.b64decode(text), "<f4")


@WITHOUT_PACKAGE
def test_the_head_gives_the_scores_of_the_built_in_one() -> None:
    expected = export_musicnn.Expected()
    own = shipped.read_shipped()[2]
    made = json.loads(export_musicnn.music_head(expected.branches))
    original = json.loads((shipped.FOLDER / "music-head.json").read_text())
    random = np.random.default_rng(3)
    parts = {name: random.standard_normal(len(expected.branches[name].offset)) for name in (*own, "musicnn")}
    parts = {name: part / np.linalg.norm(part) for name, part in parts.items()}
    shares = export_musicnn.SHARES
    here = np.concatenate([parts[n] * np.sqrt(shares[n]) for n in shares] + [parts["taught"] * np.sqrt(own["taught"])])
    there = np.concatenate([parts[name] * np.sqrt(own[name]) for name in own])
    scores = []
    for head, inputs in ((made, here), (original, there)):
        scores.append(floats(head["hidden"]).reshape(-1, len(inputs)) @ inputs)
    np.testing.assert_allclose(scores[0], scores[1], atol=1e-4)
