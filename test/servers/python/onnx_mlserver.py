"""ONNX Runtime for MLServer, which has none of its own. The protocol, its parsing, batching and errors are MLServer's."""

import onnxruntime
from mlserver import MLModel
from mlserver.codecs import NumpyCodec
from mlserver.errors import InferenceError
from mlserver.types import InferenceResponse, MetadataTensor


class OnnxModel(MLModel):
    async def load(self):
        self.session = onnxruntime.InferenceSession(self.settings.parameters.uri)
        if self.settings.parameters.extra.get("declares"):
            self.inputs = [metadata(tensor) for tensor in self.session.get_inputs()]
            self.outputs = [metadata(tensor) for tensor in self.session.get_outputs()]
        return True

    async def predict(self, payload):
        names = [tensor.name for tensor in self.session.get_outputs()]
        try:
            values = self.session.run(names, {tensor.name: NumpyCodec.decode_input(tensor) for tensor in payload.inputs})
        except Exception as error:
            raise InferenceError(str(error)) from error
        outputs = [NumpyCodec.encode_output(name, value) for name, value in zip(names, values)]
        return InferenceResponse(model_name=self.name, outputs=outputs)


def metadata(tensor):
    shape = [size if isinstance(size, int) else -1 for size in tensor.shape]
    return MetadataTensor(name=tensor.name, datatype="FP32", shape=shape)
