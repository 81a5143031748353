"""PyTorch to ONNX, with one input and one output, as the hub's exports have them."""

import warnings

import onnx
import torch

from files import FOLDER

# What ONNX Runtime and every execution provider in use have known for years.
OPSET = 17


def export(model, example, name: str, input_name: str, output_name: str, free: dict) -> None:
    """Writes FOLDER/name. `free`: the axes of the input that may have any length; the output's first is one of them."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            model.eval(),
            (example,),
            str(FOLDER / name),
            input_names=[input_name],
            output_names=[output_name],
            dynamic_axes={input_name: free, output_name: {0: free[0]}},
            opset_version=OPSET,
            dynamo=False,
        )
    graph = onnx.load(str(FOLDER / name)).graph
    got = [value.name for value in graph.input], [value.name for value in graph.output]
    if got != ([input_name], [output_name]):
        raise ValueError(f"Cannot export {name}: expected one input and one output, got {got}")
