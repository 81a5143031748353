"""Triton's backend "onnxruntime", which NVIDIA publishes in its images only, as a backend in Python: Triton itself reads config.pbtxt,
checks and batches requests, and answers; this runs the network."""

import json
from pathlib import Path

import onnxruntime
import triton_python_backend_utils as triton


class TritonPythonModel:
    def initialize(self, args):
        config = json.loads(args["model_config"])
        self.inputs = [tensor["name"] for tensor in config["input"]]
        self.outputs = [tensor["name"] for tensor in config["output"]]
        file = Path(args["model_repository"], args["model_version"], config["default_model_filename"])
        self.session = onnxruntime.InferenceSession(file)

    def execute(self, requests):
        return [self.answer(request) for request in requests]

    def answer(self, request):
        tensors = {name: triton.get_input_tensor_by_name(request, name).as_numpy() for name in self.inputs}
        try:
            values = self.session.run(self.outputs, tensors)
        except Exception as error:
            return triton.InferenceResponse(error=triton.TritonError(str(error)))
        return triton.InferenceResponse([triton.Tensor(name, value) for name, value in zip(self.outputs, values)])
