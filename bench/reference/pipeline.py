"""The same work as the worker's, the way a Python program does it: ffmpeg, ten-second windows, transformers, vectors.

    python bench/reference/pipeline.py NAME [--batch N]

Reads a line for each round, a JSON list of paths, and answers with a line:
{"seconds": ..., "windows": ..., "peakBytes": ..., "vectors": [[base64 of float32, a row a window], ...]}.
Loading, and one window to warm up, come before the first line "ready".
"""

import argparse
import base64
import json
import resource
import sys
import time

import numpy as np
import torch
from transformers import ClapFeatureExtractor, Wav2Vec2FeatureExtractor
from transformers.pipelines.audio_utils import ffmpeg_read

from shapes import build, is_clap

WINDOW_SEC = 10


class Clap:
    rate_hz = 48_000

    def __init__(self, model):
        self.model = model
        self.extractor = ClapFeatureExtractor(
            frequency_min=50, frequency_max=14_000, truncation="rand_trunc", padding="repeatpad"
        )

    def vectors(self, windows):
        inputs = self.extractor(windows, sampling_rate=self.rate_hz, return_tensors="pt")
        return self.model.get_audio_features(input_features=inputs["input_features"])


class Wav2Vec2:
    rate_hz = 16_000

    def __init__(self, model):
        self.model = model
        self.extractor = Wav2Vec2FeatureExtractor(do_normalize=True, return_attention_mask=False)

    def vectors(self, windows):
        inputs = self.extractor(windows, sampling_rate=self.rate_hz, return_tensors="pt")
        hidden = self.model(inputs["input_values"]).last_hidden_state
        return torch.nn.functional.normalize(hidden.mean(dim=1), dim=-1)


def windows_of(sound: np.ndarray, rate_hz: int) -> list:
    """Ten seconds each; the last one reaches back."""
    size = WINDOW_SEC * rate_hz
    starts = list(range(0, len(sound) - size + 1, size))
    if not starts:
        return [sound]
    if starts[-1] + size < len(sound):
        starts.append(len(sound) - size)
    return [sound[start : start + size] for start in starts]


@torch.inference_mode()
def embed(path: str, model, batch: int) -> np.ndarray:
    with open(path, "rb") as file:
        windows = windows_of(ffmpeg_read(file.read(), model.rate_hz), model.rate_hz)
    parts = [windows[i : i + batch] for i in range(0, len(windows), batch)]
    return np.concatenate([model.vectors(part).numpy() for part in parts])


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("name")
    parser.add_argument("--batch", type=int, default=1)
    arguments = parser.parse_args()
    network = build(arguments.name)
    model = Clap(network) if is_clap(arguments.name) else Wav2Vec2(network)
    with torch.inference_mode():
        model.vectors([np.zeros(WINDOW_SEC * model.rate_hz, dtype=np.float32)])
    print("ready", flush=True)
    for line in sys.stdin:
        started = time.perf_counter()
        results = [embed(path, model, arguments.batch) for path in json.loads(line)]
        seconds = time.perf_counter() - started
        answer = {
            "seconds": seconds,
            "windows": sum(len(rows) for rows in results),
            "peakBytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
            "threads": torch.get_num_threads(),
            "vectors": [[base64.b64encode(row.astype("<f4").tobytes()).decode() for row in rows] for rows in results],
        }
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
