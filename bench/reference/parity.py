"""The original code's vectors for the reference windows, with the published weights, for `npm run bench:models -- --parity`.

    python bench/reference/parity.py clap|wav2vec2 REPOSITORY_OR_FOLDER

Prints one JSON object: {"sampleRateHz", "windows": [{"kind", "seed", "samples", "sha256", "vector"}]}. Weights that are
not in the hub's cache are fetched from it.
"""

import json
import sys
from pathlib import Path

import torch
from transformers import AutoFeatureExtractor, AutoModel, ClapModel

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "training" / "reference"))
from cases import CLAP_RATE_HZ, CLAP_WINDOWS, WAV2VEC2_RATE_HZ, WAV2VEC2_WINDOWS, described, sound_of  # noqa: E402
from files import base64_of  # noqa: E402


@torch.inference_mode()
def main(family: str, source: str) -> None:
    clap = family == "clap"
    windows, rate_hz = (CLAP_WINDOWS, CLAP_RATE_HZ) if clap else (WAV2VEC2_WINDOWS, WAV2VEC2_RATE_HZ)
    extractor = AutoFeatureExtractor.from_pretrained(source)
    model = (ClapModel if clap else AutoModel).from_pretrained(source).eval()
    rows = []
    for window in windows:
        sound = sound_of(window, rate_hz)
        inputs = extractor(sound, sampling_rate=rate_hz, return_tensors="pt")
        if clap:
            vector = model.get_audio_features(input_features=inputs["input_features"])[0]
        else:
            vector = model(inputs["input_values"]).last_hidden_state[0].double().mean(dim=0)
        vector = torch.nn.functional.normalize(vector.double(), dim=0)
        rows.append({**described(window, sound), "vector": base64_of(vector.numpy())})
    print(json.dumps({"sampleRateHz": rate_hz, "windows": rows}))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
