"""CLAP: its front-end's figures, and a whole model of its shape, small and with random weights."""

import numpy as np
import torch
from transformers import ClapConfig, ClapFeatureExtractor, ClapModel

from cases import CLAP_RATE_HZ, CLAP_WINDOWS, described, sound_of
from export import export
from files import base64_of, write_json
from random_weights import randomise
from text import PAD_ID, SENTENCES, train_tokenizer

# preprocessor_config.json of laion/larger_clap_music_and_speech and laion/clap-htsat-unfused.
EXTRACTOR = {
    "feature_size": 64,
    "sampling_rate": CLAP_RATE_HZ,
    "hop_length": 480,
    "fft_window_size": 1024,
    "max_length_s": 10,
    "frequency_min": 50,
    "frequency_max": 14_000,
    "truncation": "rand_trunc",
    "padding": "repeatpad",
}
DIMENSIONS = 48
# Both ends, where the mirrored padding is, and one frame in 25 between.
FRAMES = sorted({0, 1, 2, 998, 999, 1000, *range(3, 998, 25)})


def features_of(sound: np.ndarray) -> np.ndarray:
    """dB, shape [1, 1001, 64]."""
    extractor = ClapFeatureExtractor(**EXTRACTOR)
    return extractor(sound, sampling_rate=CLAP_RATE_HZ, return_tensors="np")["input_features"][0]


def write_front_end() -> None:
    windows = []
    for window in CLAP_WINDOWS:
        sound = sound_of(window, CLAP_RATE_HZ)
        mel = features_of(sound)[0].astype(np.float64)
        windows.append(
            {
                **described(window, sound),
                "frames": base64_of(mel[FRAMES]),
                "bandMeans": base64_of(mel.mean(axis=0)),
                "bandDeviations": base64_of(mel.std(axis=0)),
                "frameMeans": base64_of(mel.mean(axis=1)),
            }
        )
    write_json("clap-front-end.json", {"sampleRateHz": CLAP_RATE_HZ, "frames": FRAMES, "windows": windows})


class AudioTower(torch.nn.Module):
    """What the hub's exports hold: no fusion input, and the projection left as long as it comes."""

    def __init__(self, model: ClapModel):
        super().__init__()
        self.tower, self.projection = model.audio_model, model.audio_projection

    def forward(self, input_features):
        return self.projection(self.tower(input_features=input_features).pooler_output)


class TextTower(torch.nn.Module):
    def __init__(self, model: ClapModel):
        super().__init__()
        self.tower, self.projection = model.text_model, model.text_projection

    def forward(self, input_ids):
        return self.projection(self.tower(input_ids=input_ids).pooler_output)


def small_model(vocabulary: int) -> ClapModel:
    torch.manual_seed(1)
    audio = {
        "depths": [1, 1, 1, 1],
        "num_attention_heads": [2, 2, 4, 4],
        "patch_embeds_hidden_size": 16,
        "hidden_size": 128,
        "projection_dim": DIMENSIONS,
        "enable_fusion": False,
    }
    text = {
        "vocab_size": vocabulary,
        "hidden_size": 32,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "intermediate_size": 64,
        "pad_token_id": PAD_ID,
        "projection_dim": DIMENSIONS,
    }
    model = ClapModel(ClapConfig(audio_config=audio, text_config=text, projection_dim=DIMENSIONS)).eval()
    randomise(model)
    # The levels are around -30 dB: the first normalisation sees them as trained weights would.
    normalisation = model.audio_model.audio_encoder.batch_norm
    normalisation.running_mean.fill_(-30)
    normalisation.running_var.fill_(900)
    return model


@torch.no_grad()
def write_model() -> None:
    tokenizer = train_tokenizer()
    model = small_model(len(tokenizer))
    features = torch.zeros(2, 1, 1001, 64)
    export(AudioTower(model), features, "clap-random.onnx", "input_features", "audio_embeds", {0: "batch_size"})
    ids = torch.tensor([tokenizer(SENTENCES[0])["input_ids"]])
    export(
        TextTower(model),
        ids,
        "clap-random-text.onnx",
        "input_ids",
        "text_embeds",
        {0: "batch_size", 1: "sequence_length"},
    )
    windows = []
    for window in CLAP_WINDOWS:
        sound = sound_of(window, CLAP_RATE_HZ)
        vector = model.get_audio_features(input_features=torch.from_numpy(features_of(sound)[None]))
        windows.append({**described(window, sound), "vector": base64_of(unit(vector[0]))})
    texts = []
    for sentence in SENTENCES:
        # As published: at most 77 tokens, and one at a time, so that there is no padding.
        ids = tokenizer(sentence, truncation=True, max_length=77)["input_ids"]
        vector = model.get_text_features(input_ids=torch.tensor([ids]))
        texts.append({"text": sentence, "ids": ids, "vector": base64_of(unit(vector[0]))})
    write_json(
        "clap-random.json",
        {"sampleRateHz": CLAP_RATE_HZ, "dimensions": DIMENSIONS, "windows": windows, "texts": texts},
    )


def unit(vector: torch.Tensor) -> np.ndarray:
    return torch.nn.functional.normalize(vector.double(), dim=-1).numpy()
