"""KServe's model server with ONNX Runtime over a folder for Triton: onnx_kserve.py --http_port PORT --models_dir DIR"""

from pathlib import Path

import onnxruntime
from kserve import InferOutput, InferResponse, Model, ModelRepository, ModelServer, model_server
from kserve.errors import InvalidInput
from kserve.protocol.rest import server


class OnnxModel(Model):
    def __init__(self, name, file):
        super().__init__(name)
        self.session = onnxruntime.InferenceSession(file)
        self.ready = True

    async def get_input_types(self):
        return [metadata(tensor) for tensor in self.session.get_inputs()]

    async def get_output_types(self):
        return [metadata(tensor) for tensor in self.session.get_outputs()]

    def predict(self, payload, headers=None):
        names = [tensor.name for tensor in self.session.get_outputs()]
        try:
            values = self.session.run(names, {tensor.name: tensor.as_numpy() for tensor in payload.inputs})
        except Exception as error:
            raise InvalidInput(str(error)) from error
        outputs = [InferOutput(name, list(value.shape), "FP32") for name, value in zip(names, values)]
        for output, value in zip(outputs, values):
            output.set_data_from_numpy(value)
        return InferResponse(
            payload.id,
            self.name,
            outputs,
            requested_outputs=payload.request_outputs,
            use_binary_outputs=payload.use_binary_outputs,
        )


class Repository(ModelRepository):
    def load(self, name):
        self.update(OnnxModel(name, Path(self.models_dir, name, "1", "model.onnx")))

    load_model = load


def metadata(tensor):
    shape = [size if isinstance(size, int) else -1 for size in tensor.shape]
    return {"name": tensor.name, "datatype": "FP32", "shape": shape}


if __name__ == "__main__":
    model_server.parser.add_argument("--models_dir")
    args, _ = model_server.parser.parse_known_args()
    # It listens on all interfaces and has no setting for that.
    config = server.uvicorn.Config
    server.uvicorn.Config = lambda *given, **named: config(*given, **{**named, "host": "127.0.0.1"})
    repository = Repository(args.models_dir)
    repository.load_models()
    ModelServer(registered_models=repository, enable_grpc=False).start(list(repository.get_models().values()))
