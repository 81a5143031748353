"""The network of an embedding model, for MLflow's scoring server and Databricks Model Serving.

In: one float32 tensor, by its name or bare, with the items in its first dimension. Out: the network's output by its name, one entry for
each item. Decoding, front-end and normalisation are in Leitmotif's worker, which sends prepared tensors.
"""

import numpy
import onnxruntime


class Network:
    def __init__(self, path, names):
        wanted = ["CUDAExecutionProvider", "CPUExecutionProvider"]
        there = onnxruntime.get_available_providers()
        self._session = onnxruntime.InferenceSession(path, providers=[name for name in wanted if name in there])
        self._input = names["input"]
        self._output = names["output"]

    def predict(self, model_input, params=None):
        named = isinstance(model_input, dict)
        items = numpy.asarray(model_input[self._input] if named else model_input, dtype=numpy.float32)
        (output,) = self._session.run([self._output], {self._input: items})
        return {self._output: output}


def _load_pyfunc(path, model_config):
    return Network(path, model_config)
