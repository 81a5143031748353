"""Writes `src/models/musicnn`: the graph of the downloadable model (musicnn_graph.py), its music head and its manifest.

Needs the package musicnn, no music. The canary in the manifest is computed by PyTorch and numpy, not by the graph, and windows made
here are compared as well.
"""

from __future__ import annotations

import base64
import hashlib
import json
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from onnx import TensorProto, helper

from . import musicnn_graph, shipped, targets
from .corpus import RATE_HZ
from .export import AGREEMENT, Learned, canary_window
from .mel import MelPower
from .model import embed
from .musicnn import DATA_FILE, MusiCnn, package_folder, read_places
from .musicnn_graph import CHECKPOINT, SHARES, WEIGHTS
from .projection import Projection
from .taught import taught_inputs

NAME, VERSION = "musicnn", "1.0.0"
EXTRA = 80
"""Values after the vector, which only the music head reads: the taught branch."""
FOLDER = Path(__file__).resolve().parents[2] / "src/models/musicnn"
REFERENCE_CODE = Path(__file__).resolve().parents[1] / "reference"
REFERENCE = Path(__file__).resolve().parents[2] / "test/fixtures/reference/musicnn.json"
"""Vectors of generated windows, for the product's own test."""
WINDOWS = (
    ("sweep", 1, 160_000),
    ("chord", 2, 160_000),
    ("noise", 3, 160_000),
    ("impulse", 0, 160_000),
    ("square", 0, 160_000),
    ("chord", 4, 80_000),
    ("sweep", 5, 123_457),
)
"""Kind, seed and number of samples; the last two are other lengths than the default, one divided by nothing."""


def export(folder: Path = FOLDER, reference: Path | None = REFERENCE) -> None:
    package = package_folder(CHECKPOINT)
    graph = musicnn_graph.build_graph(read_places(package), targets.read_axes(targets.FILE))
    content = graph.SerializeToString(deterministic=True)
    expected = Expected()
    with tempfile.TemporaryDirectory() as name:
        shutil.copyfile(package / DATA_FILE, Path(name) / WEIGHTS)
        file = Path(name) / "musicnn.onnx"
        file.write_bytes(content)
        onnx.checker.check_model(file, full_check=True)
        difference = largest_difference(file, expected)
    if not difference <= AGREEMENT:
        raise ValueError(f"Cannot export: expected ONNX Runtime within {AGREEMENT} of PyTorch, got {difference}")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "musicnn.onnx").write_bytes(content)
    canary, head = expected(canary_window()), music_head(expected.branches)
    (folder / "music-head.json").write_text(head)
    (folder / "model.json").write_text(manifest(content, (package / DATA_FILE).read_bytes(), head.encode(), canary))
    if reference:
        reference.write_text(reference_vectors(expected))
    print(f"{folder}: {len(canary)} values, {len(content)} bytes, ONNX Runtime off by {difference:.1e}")


class Expected:
    """The model in PyTorch and numpy: window float32 [samples] -> vector and what only the head reads, [432 + 80]."""

    def __init__(self) -> None:
        network, self.branches, self.shares = shipped.read_shipped()
        self.learned, self.mel, self.musicnn = Learned(network).eval(), MelPower(), MusiCnn(CHECKPOINT)
        self.axes = targets.read_axes(targets.FILE)
        graph = onnx.load(shipped.FILE).graph
        nodes, initializers = musicnn_graph.needed(graph, {"timbre", "harmony"})
        outputs = [helper.make_tensor_value_info(n, TensorProto.FLOAT, None) for n in ("timbre", "harmony")]
        model = helper.make_model(
            helper.make_graph(nodes, "statistics", graph.input, outputs, initializers),
            opset_imports=[helper.make_opsetid("", 13)],
        )
        model.ir_version = 8
        self.statistics = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
        self.branches["musicnn"] = Projection(np.eye(targets.DIMENSIONS), np.zeros(targets.DIMENSIONS))

    def __call__(self, window: np.ndarray) -> np.ndarray:
        timbre, harmony = self.statistics.run(["timbre", "harmony"], {"pcm": window[None]})
        with torch.inference_mode():
            samples = torch.from_numpy(window)[None]
            learned, layers = (found.numpy() for found in self.learned(samples))
            pooled = self.musicnn.pooled(samples).flatten(1).numpy()
            power = self.mel(samples).mean().item()
        loudness = np.clip(10 * np.log10(power + 1e-10), *musicnn_graph.LOUDNESS_DB)
        heard = self.axes(pooled, np.array([loudness], np.float32))
        inputs = {"learned": learned, "musicnn": heard, "timbre": timbre, "harmony": harmony}
        vector = embed(inputs, {name: self.branches[name] for name in SHARES}, SHARES)[0]
        taught = {"taught": taught_inputs(layers, timbre)}
        return np.concatenate([vector, embed(taught, {"taught": self.branches["taught"]}, self.shares)[0]])


def reference_windows() -> list[tuple[dict, np.ndarray]]:
    """Windows that the product's tests can make as well (reference/signals.py): their description, and float32 samples."""
    sys.path.append(str(REFERENCE_CODE))
    from files import sha256_of_signal
    from signals import signal

    found = []
    for kind, seed, samples in WINDOWS:
        sound = signal(kind, seed, RATE_HZ, samples)
        described = {"kind": kind, "seed": seed, "samples": samples, "sha256": sha256_of_signal(sound)}
        found.append((described, sound))
    return found


def reference_vectors(expected: Callable[[np.ndarray], np.ndarray]) -> str:
    """What the product's test compares itself with (test/support/reference-fixtures.ts)."""
    windows = [described | {"vector": packed(expected(sound))} for described, sound in reference_windows()]
    content = {"sampleRateHz": RATE_HZ, "dimensions": dimensions_of(expected.branches), "windows": windows}
    return json.dumps(content, indent=1) + "\n"


def dimensions_of(branches: dict[str, Projection]) -> int:
    return sum(len(branches[name].offset) for name in SHARES)


def music_head(branches: dict[str, Projection]) -> str:
    """The built-in model's head, for the places and lengths that its inputs have here: it judges every window as it does there."""
    text = (shipped.FOLDER / "music-head.json").read_text()
    head = json.loads(text)
    biases = np.frombuffer(base64.b64decode(head["hiddenBias"]), "<f4")
    weights = np.frombuffer(base64.b64decode(head["hidden"]), "<f4").reshape(len(biases), -1)
    shares = shipped.read_shipped()[2]
    parts, at = {}, 0
    for name, share in shares.items():
        size = len(branches[name].offset)
        parts[name] = weights[:, at : at + size] * np.sqrt(share / SHARES.get(name, share))
        at += size
    parts["musicnn"] = np.zeros((len(biases), targets.DIMENSIONS), np.float32)
    # Otherwise the file stays as it is.
    return text.replace(head["hidden"], packed(np.concatenate([parts[name] for name in (*SHARES, "taught")], 1)))


def packed(vector: np.ndarray) -> str:
    return base64.b64encode(vector.astype("<f4").tobytes()).decode()


def largest_difference(file: Path, expected: Callable[[np.ndarray], np.ndarray]) -> float:
    """Over the reference windows and the canary, each number of each vector."""
    session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
    sounds = [canary_window(), *(sound for _, sound in reference_windows())]
    return max(
        float(np.abs(session.run(["embedding"], {"pcm": sound[None]})[0][0] - expected(sound)).max())
        for sound in sounds
    )


def manifest(graph: bytes, weights: bytes, head: bytes, canary: np.ndarray) -> str:
    def file_of(name: str, content: bytes) -> dict:
        return {"file": name, "sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}

    content = {
        "name": NAME,
        "version": VERSION,
        "licence": "MIT, ISC",
        "family": "pcm",
        "sampleRateHz": RATE_HZ,
        "dimensions": len(canary) - EXTRA,
        "precision": "fp32",
        "frontEnd": "pcm16k-1",
        "windowSec": {"min": 5, "max": 10, "default": 10},
        "network": file_of("musicnn.onnx", graph)
        | {"input": "pcm", "output": "embedding", "data": file_of(WEIGHTS, weights)},
        "musicHead": file_of("music-head.json", head) | {"extraInputs": EXTRA},
        "canary": packed(canary),
    }
    return json.dumps(content, indent=2) + "\n"
