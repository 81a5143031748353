"""Wav2Vec2 and HuBERT: small models with random weights, with the real kernels and strides over time."""

import torch
from transformers import HubertConfig, HubertModel, Wav2Vec2Config, Wav2Vec2FeatureExtractor, Wav2Vec2Model

from cases import WAV2VEC2_RATE_HZ, WAV2VEC2_WINDOWS, described, sound_of
from export import export
from files import base64_of, write_json
from random_weights import randomise

DIMENSIONS = 40
CONFIG = {
    "conv_dim": (24,) * 7,
    "conv_kernel": (10, 3, 3, 3, 3, 2, 2),
    "conv_stride": (5, 2, 2, 2, 2, 2, 2),
    "hidden_size": DIMENSIONS,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 80,
    "num_conv_pos_embeddings": 32,
    "num_conv_pos_embedding_groups": 4,
}


class HiddenStates(torch.nn.Module):
    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, input_values):
        return self.model(input_values).last_hidden_state


@torch.no_grad()
def write_model(name: str, config, model_class) -> None:
    torch.manual_seed(2)
    model = model_class(config(**CONFIG)).eval()
    randomise(model)
    free = {0: "batch_size", 1: "sequence_length"}
    export(HiddenStates(model), torch.randn(2, 80_000), f"{name}.onnx", "input_values", "last_hidden_state", free)
    # preprocessor_config.json of facebook/wav2vec2-base and facebook/hubert-base-ls960.
    extractor = Wav2Vec2FeatureExtractor(sampling_rate=WAV2VEC2_RATE_HZ, do_normalize=True, return_attention_mask=False)
    windows = []
    for window in WAV2VEC2_WINDOWS:
        sound = sound_of(window, WAV2VEC2_RATE_HZ)
        values = extractor(sound, sampling_rate=WAV2VEC2_RATE_HZ, return_tensors="pt")["input_values"]
        hidden = model(values).last_hidden_state[0].double()
        vector = torch.nn.functional.normalize(hidden.mean(dim=0), dim=0)
        windows.append(
            {**described(window, sound), "frames": len(hidden), "vector": base64_of(vector.numpy())}
        )
    write_json(f"{name}.json", {"sampleRateHz": WAV2VEC2_RATE_HZ, "dimensions": DIMENSIONS, "windows": windows})


def write_models() -> None:
    write_model("wav2vec2-random", Wav2Vec2Config, Wav2Vec2Model)
    write_model("hubert-random", HubertConfig, HubertModel)
