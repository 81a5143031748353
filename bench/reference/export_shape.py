"""Writes one network of shapes.py as the worker takes models: FOLDER/model.json and FOLDER/network.onnx.

    python bench/reference/export_shape.py NAME FOLDER
"""

import hashlib
import json
import sys
import warnings
from pathlib import Path

import torch

from shapes import build, is_clap

OPSET = 17


class ClapAudio(torch.nn.Module):
    """As the hub's exports: the projection is left as long as it comes."""

    def __init__(self, model):
        super().__init__()
        self.tower, self.projection = model.audio_model, model.audio_projection

    def forward(self, input_features):
        return self.projection(self.tower(input_features=input_features).pooler_output)


class HiddenStates(torch.nn.Module):
    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, input_values):
        return self.model(input_values).last_hidden_state


def main(name: str, folder: Path) -> None:
    clap = is_clap(name)
    model = build(name)
    wrapped = (ClapAudio if clap else HiddenStates)(model).eval()
    example = torch.zeros(1, 1, 1001, 64) if clap else torch.randn(1, 160_000)
    names = ("input_features", "audio_embeds") if clap else ("input_values", "last_hidden_state")
    free = {0: "batch_size"} if clap else {0: "batch_size", 1: "samples"}
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "network.onnx"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            wrapped,
            (example,),
            str(path),
            input_names=[names[0]],
            output_names=[names[1]],
            dynamic_axes={names[0]: free, names[1]: {0: "batch_size"}},
            opset_version=OPSET,
            dynamo=False,
        )
    content = path.read_bytes()
    manifest = {
        "name": name,
        "version": "random",
        "licence": "MIT",
        "family": "clap" if clap else "wav2vec2",
        "sampleRateHz": 48_000 if clap else 16_000,
        "dimensions": 512 if clap else 768,
        "precision": "fp32",
        "frontEnd": "random",
        "windowSec": {"min": 1, "max": 10, "default": 10},
        "network": {
            "file": path.name,
            "sha256": hashlib.sha256(content).hexdigest(),
            "bytes": len(content),
            "input": names[0],
            "output": names[1],
        },
    }
    (folder / "model.json").write_text(json.dumps(manifest, indent=2) + "\n")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
