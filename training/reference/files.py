"""How fixtures are written down: JSON, with float32 tables as base64 of little-endian bytes."""

import base64
import hashlib
import json
from pathlib import Path

import numpy as np

FOLDER = Path(__file__).resolve().parents[2] / "test" / "fixtures" / "reference"


def base64_of(values) -> str:
    return base64.b64encode(np.ascontiguousarray(values, dtype="<f4").tobytes()).decode()


def sha256_of_signal(samples: np.ndarray) -> str:
    """Of the samples as 16-bit little-endian whole numbers."""
    return hashlib.sha256((samples * 32768).astype("<i2").tobytes()).hexdigest()


def write_json(name: str, value) -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    (FOLDER / name).write_text(json.dumps(value, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
