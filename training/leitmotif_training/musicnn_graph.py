"""The graph of the downloadable model `musicnn`: MusiCNN's pooled layers in the place of the taught branch.

No weights of MusiCNN are in the graph. Its initialisers are external data: offset and length in the data file of MusiCNN's own
TensorFlow checkpoint, which `npm run models -- get musicnn` takes out of the package on PyPI. What depends on these weights alone
(normalisations, transposed kernels) is nodes, which ONNX Runtime computes once, at load.

Network, timbre, harmony, taught branch and the Fourier tables are those of the built-in graph; the axes are those of
`targets.npz`. The taught branch is not part of the vector: it follows it, for the built-in model's music head, which reads it.
"""

from __future__ import annotations

import math

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from . import shipped, targets
from .mel import HALF
from .musicnn import DATA_FILE, EPSILON, POOLED, mel_filters

CHECKPOINT = "MTT_musicnn"
WEIGHTS = f"{CHECKPOINT}{DATA_FILE}"
"""Name of the data file in the model's folder. ONNX allows no folder in it."""
SHARES = {"learned": 0.12, "musicnn": 0.22, "timbre": 0.12, "harmony": 0.54}
"""Of every inner product, in the order of the vector: the mix that was ranked (EXPERIMENTS.md, "A student of MusiCNN")."""
LOUDNESS_DB = (-35.0, 30.0)
"""Mean mel power of the quietest window that the gate calls music, and of full scale. The cubic of the loudness is fitted on music
(about 11 dB), so beyond these ends it is not followed."""
MEL_POWER = "net_/mel/Transpose_output_0"
EVEN, ODD = "net_/mel/Constant_20_output_0", "net_/mel/Constant_21_output_0"
"""Tensors of the built-in graph: mel power [batch, 64, frames], and the tables of the two halves of its Fourier transform."""


class Nodes:
    """A graph under construction: each method adds a node and returns the name of its output."""

    def __init__(self, weights: str, places: dict[str, tuple[int, tuple[int, ...]]]) -> None:
        self.weights, self.places = weights, places
        self.nodes: list[onnx.NodeProto] = []
        self.initializers: list[onnx.TensorProto] = []
        self._known: set[str] = set()

    def __call__(self, kind: str, *inputs: str, **attributes) -> str:
        output = f"musicnn_{len(self.nodes)}_{kind.lower()}"
        self.nodes.append(helper.make_node(kind, list(inputs), [output], **attributes))
        return output

    def constant(self, name: str, value: np.ndarray) -> str:
        name = f"musicnn_{name}"
        if name not in self._known:
            self._known.add(name)
            self.initializers.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def number(self, value: float) -> str:
        return self.constant(f"number_{value:g}", np.array(value, np.float32))

    def integers(self, *values: int) -> str:
        return self.constant(f"integers_{'_'.join(map(str, values))}", np.array(values, np.int64))

    def tensor(self, name: str, shape: tuple[int, ...] | None = None) -> str:
        """A tensor of the checkpoint, with the axes that it has in the data file.

        @param shape another one of the same size, without an axis of length 1
        """
        offset, own = self.places[name]
        shape = own if shape is None else shape
        if math.prod(shape) != math.prod(own):
            raise ValueError(f"Cannot read {name}: expected {own}, got {shape}")
        full = f"checkpoint/{name}"
        if full not in self._known:
            self._known.add(full)
            tensor = TensorProto(name=full, data_type=TensorProto.FLOAT, dims=shape)
            tensor.data_location = TensorProto.EXTERNAL
            entries = (("location", self.weights), ("offset", offset), ("length", 4 * math.prod(own)))
            for key, value in entries:
                tensor.external_data.add(key=key, value=str(value))
            self.initializers.append(tensor)
        return full


def _spectrum(add: Nodes) -> str:
    """pcm [batch, samples] -> the network's input, log mel power [batch, 1, BANDS, columns].

    A Hann frame of 512 samples every 256, the first centred on the first sample; beyond the ends is silence. One radix-2 step, as in
    mel.py: even bins see the sum of a frame's halves, odd ones the difference. Bin 256 is in no filter.
    """
    padded = add("Pad", "pcm", add.integers(0, HALF, 0, HALF))
    samples = add("Gather", add("Shape", padded), add.integers(1))
    whole = add("Mul", add("Div", samples, add.integers(HALF)), add.integers(HALF))
    whole = add("Slice", padded, add.integers(0), whole, add.integers(1))
    blocks = add("Reshape", whole, add.integers(0, -1, HALF))
    hann = (0.5 - 0.5 * np.cos(np.pi * np.arange(2 * HALF) / HALF)).astype(np.float32)
    last = np.iinfo(np.int64).max
    first = add("Slice", blocks, add.integers(0), add.integers(-1), add.integers(1))
    second = add("Slice", blocks, add.integers(1), add.integers(last), add.integers(1))
    first = add("Mul", first, add.constant("rise", hann[:HALF]))
    second = add("Mul", second, add.constant("fall", hann[HALF:]))
    filters = mel_filters().astype(np.float32)
    powers = []
    for name, table, kind, start in (("even", EVEN, "Add", 0), ("odd", ODD, "Sub", 1)):
        parts = add("MatMul", add(kind, first, second), table)
        rows = filters[:, start:HALF:2].T
        both = add.constant(f"{name}_bands", np.concatenate([rows, rows]))
        powers.append(add("MatMul", add("Mul", parts, parts), both))
    power = add("Transpose", add("Add", *powers), perm=[0, 2, 1])
    logarithm = add("Log", add("Add", add("Mul", power, add.number(10_000)), add.number(1)))
    return add("Unsqueeze", add("Mul", logarithm, add.number(1 / math.log(10))), add.integers(1))


def _scale_and_shift(add: Nodes, number: int) -> tuple[str, str]:
    """Of a normalisation in TensorFlow, each [channels]."""
    norm = "batch_normalization" + (f"_{number}" if number else "")
    deviation = add("Sqrt", add("Add", add.tensor(f"{norm}/moving_variance"), add.number(EPSILON)))
    scale = add("Div", add.tensor(f"{norm}/gamma"), deviation)
    shift = add("Sub", add.tensor(f"{norm}/beta"), add("Mul", add.tensor(f"{norm}/moving_mean"), scale))
    return scale, shift


def _channels(add: Nodes, vector: str) -> str:
    """[channels] -> [channels, 1], to be used on [batch, channels, columns]."""
    return add("Unsqueeze", vector, add.integers(1))


def _normed(add: Nodes, sums: str, conv: str, number: int) -> str:
    """Bias, ReLU and normalisation of sums [batch, channels, columns]."""
    scale, shift = _scale_and_shift(add, number)
    heard = add("Relu", add("Add", sums, _channels(add, add.tensor(f"{conv}/bias"))))
    return add("Add", add("Mul", heard, _channels(add, scale)), _channels(add, shift))


def _front(add: Nodes, x: str, number: int) -> str:
    """A filter of the first layer over [batch, 1, BANDS, columns], and the maximum over bands: [batch, channels, columns].

    The maximum is taken first, of a hundredth of the numbers: where the normalisation turns the sign, of the filter's negative.
    """
    conv = "conv2d" + (f"_{number}" if number else "")
    scale, _ = _scale_and_shift(add, number + 1)
    sign = add("Sign", scale)
    columns, bands, _, channels = add.places[f"{conv}/kernel"][1]
    kernel = add("Mul", add.tensor(f"{conv}/kernel", (columns, bands, channels)), sign)
    kernel = add("Unsqueeze", add("Transpose", kernel, perm=[2, 1, 0]), add.integers(1))
    # As TensorFlow pads "same": one column less before than after, if their number is odd.
    before = (columns - 1) // 2
    sums = add("Conv", x, kernel, kernel_shape=[bands, columns], pads=[0, before, 0, columns - 1 - before])
    most = add("ReduceMax", sums, axes=[2], keepdims=0)
    return _normed(add, add("Mul", most, _channels(add, sign)), conv, number + 1)


def _deep(add: Nodes, x: str, number: int) -> str:
    """A later layer over [batch, channels, columns]."""
    conv = f"conv2d_{number}"
    columns, channels, _, made = add.places[f"{conv}/kernel"][1]
    kernel = add("Transpose", add.tensor(f"{conv}/kernel", (columns, channels, made)), perm=[2, 1, 0])
    sums = add("Conv", x, kernel, kernel_shape=[columns], pads=[columns // 2, columns // 2])
    return _normed(add, sums, conv, number + 1)


def _pooled(add: Nodes) -> str:
    """pcm -> maximum and mean over time of all layers, [batch, 2 * POOLED]; see musicnn.MusiCnn.pooled."""
    scale, shift = _scale_and_shift(add, 0)
    x = add("Add", add("Mul", _spectrum(add), scale), shift)
    front = add("Concat", *(_front(add, x, number) for number in range(5)), axis=1)
    layers = [front]
    before = front
    for number in (5, 6, 7):
        after = _deep(add, before, number)
        before = after if number == 5 else add("Add", after, before)
        layers.append(before)
    every = add("Concat", *layers, axis=1)
    most, mean = (add(kind, every, axes=[2], keepdims=0) for kind in ("ReduceMax", "ReduceMean"))
    return add("Concat", most, mean, axis=1)


def _axes(add: Nodes, pooled: str, axes: targets.Axes) -> str:
    """Coordinates on the axes, without what the window's loudness explains, [batch, targets.DIMENSIONS]."""
    mean = add("ReduceMean", MEL_POWER, axes=[1, 2], keepdims=0)
    decibels = add("Log", add("Add", mean, add.number(1e-10)))
    decibels = add("Mul", decibels, add.number(10 / math.log(10)))
    decibels = add("Clip", decibels, *(add.number(end) for end in LOUDNESS_DB))
    tens = add("Unsqueeze", add("Div", add("Add", decibels, add.number(25)), add.number(10)), add.integers(1))
    squares = add("Mul", tens, tens)
    powers = add("Concat", tens, squares, add("Mul", squares, tens), axis=1)
    factor = (axes.factor / axes.deviation[:, None]).astype(np.float32)
    explained = axes.loudness.astype(np.float64) @ axes.factor.astype(np.float64)
    offset = -(axes.mean.astype(np.float64) @ factor.astype(np.float64)) - explained[0]
    found = add("MatMul", pooled, add.constant("factor", factor))
    by_loudness = add("MatMul", powers, add.constant("loudness", explained[1:].astype(np.float32)))
    return add("Sub", add("Add", found, add.constant("offset", offset.astype(np.float32))), by_loudness)


def _head(add: Nodes, branches: dict[str, str]) -> None:
    """Branches of unit length, weighted, side by side, of unit length altogether; the taught branch, as in the built-in vector."""

    def weighted(branch: str, share: float) -> str:
        return add("Mul", _unit(add, branches[branch]), add.number(math.sqrt(share)))

    vector = _unit(add, add("Concat", *(weighted(branch, share) for branch, share in SHARES.items()), axis=1))
    taught = weighted("taught", shipped.read_shipped()[2]["taught"])
    add.nodes.append(helper.make_node("Concat", [vector, taught], ["embedding"], axis=1))


def _unit(add: Nodes, x: str) -> str:
    return add("Div", x, add("Max", add("ReduceL2", x, axes=[1], keepdims=1), add.number(1e-9)))


def needed(graph: onnx.GraphProto, wanted: set[str]) -> tuple[list[onnx.NodeProto], list[onnx.TensorProto]]:
    """What computes the wanted tensors, in the graph's order."""
    wanted = set(wanted)
    nodes = []
    for node in reversed(graph.node):
        if wanted.intersection(node.output):
            wanted.update(node.input)
            nodes.append(node)
    return nodes[::-1], [tensor for tensor in graph.initializer if tensor.name in wanted]


def pooled_graph(places: dict[str, tuple[int, tuple[int, ...]]]) -> onnx.ModelProto:
    """`pcm` [batch, samples] at 16 kHz -> `pooled` [batch, 2 * POOLED]; see musicnn.MusiCnn.pooled."""
    own = onnx.load(shipped.FILE)
    nodes, initializers = needed(own.graph, {EVEN, ODD})
    add = Nodes(WEIGHTS, places)
    add.nodes.append(helper.make_node("Identity", [_pooled(add)], ["pooled"]))
    graph = helper.make_graph(
        [*nodes, *add.nodes],
        "musicnn_pooled",
        [helper.make_tensor_value_info("pcm", TensorProto.FLOAT, ["batch", "samples"])],
        [helper.make_tensor_value_info("pooled", TensorProto.FLOAT, ["batch", 2 * POOLED])],
        [*initializers, *add.initializers],
    )
    return _model(graph, own)


def _model(graph: onnx.GraphProto, own: onnx.ModelProto) -> onnx.ModelProto:
    """Of the same operator set as the built-in graph."""
    opset = next(entry.version for entry in own.opset_import if entry.domain == "")
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], producer_name="leitmotif")
    model.ir_version = own.ir_version
    return model


def build_graph(places: dict[str, tuple[int, tuple[int, ...]]], axes: targets.Axes) -> onnx.ModelProto:
    """`pcm` [batch, samples] at 16 kHz -> `embedding` [batch, 432 + 80], checked. The same bytes each time.

    @param places of MusiCNN's tensors in the data file (musicnn.read_places)
    """
    own = onnx.load(shipped.FILE)
    nodes, initializers = needed(own.graph, {"learned", "layers", "timbre", "harmony", MEL_POWER})
    values = {tensor.name: tensor for tensor in own.graph.initializer}
    add = Nodes(WEIGHTS, places)
    branches = {"musicnn": _axes(add, _pooled(add), axes)}
    inputs = {name: name for name in ("learned", "timbre", "harmony")}
    inputs["taught"] = add("Concat", "layers", "timbre", axis=1)
    width = targets.DIMENSIONS
    for branch, x in inputs.items():
        factor, offset = (values[f"head_{branch}_{part}"] for part in ("factor", "offset"))
        add.initializers += [factor, offset]
        branches[branch] = add("Add", add("MatMul", x, factor.name), offset.name)
        width += offset.dims[0]
    _head(add, branches)
    graph = helper.make_graph(
        [*nodes, *add.nodes],
        "leitmotif_musicnn",
        [helper.make_tensor_value_info("pcm", TensorProto.FLOAT, ["batch", "samples"])],
        [helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["batch", width])],
        [*initializers, *add.initializers],
    )
    return _model(graph, own)
