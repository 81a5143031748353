"""The ten damages of the benchmark (bench/quality/degradations.ts), for judging only: training has its own."""

from __future__ import annotations

import json
import subprocess
import tempfile
from pathlib import Path

import numpy as np

from .corpus import RATE_HZ

AT_44K = "aresample=44100"
SEMITONE = 2 ** (1 / 12)
FILTERS = {
    "phone-band": "highpass=f=300,highpass=f=300,lowpass=f=3400,lowpass=f=3400",
    "room-phone": "aecho=0.8:0.7:23|41|67|97:0.5|0.4|0.3|0.2,highpass=f=250,lowpass=f=6000,acompressor",
    "eq-compression": "bass=g=6,equalizer=f=1000:t=q:w=1:g=-5,treble=g=5,"
    "acompressor=threshold=-24dB:ratio=6:makeup=6dB,alimiter",
    "tempo-plus-6": "atempo=1.06",
    "pitch-plus-1": f"{AT_44K},asetrate={44_100 * SEMITONE},{AT_44K},atempo={1 / SEMITONE}",
    "speed-minus-3": f"{AT_44K},asetrate={44_100 * 0.97},{AT_44K}",
}
CODECS = {
    "mp3-48k": (["-c:a", "libmp3lame", "-b:a", "48k"], "mp3"),
    "opus-24k": (["-c:a", "libopus", "-b:a", "24k", "-ar", "48000"], "ogg"),
}
NOISES = {"pub-6db": ("crowd", 6.0), "applause-0db": ("applause", 0.0)}
DAMAGES = ("mp3-48k", "opus-24k", "phone-band", "pub-6db", "applause-0db", *list(FILTERS)[1:])
QUIET = ["ffmpeg", "-v", "error", "-nostdin", "-y"]


def noise_paths(bench: Path) -> dict[str, str]:
    """The first clip of each class, as bench/quality/noise-files.ts takes it."""
    clips = json.loads((bench / "nonmusic.json").read_text())["clips"]
    return {kind: str(bench / next(c["file"] for c in clips if c["class"] == kind)) for kind in ("crowd", "applause")}


def _pcm(args: list[str]) -> np.ndarray:
    command = [*QUIET, *args, "-map", "0:a:0", "-ac", "1", "-ar", str(RATE_HZ), "-f", "s16le", "-"]
    return np.frombuffer(subprocess.run(command, capture_output=True, check=True).stdout, "<i2")


def _level_db(samples: np.ndarray) -> float:
    return 10 * np.log10(max(1e-12, float(np.mean((samples / 32768.0) ** 2))))


def damaged(path: str, from_sec: float, seconds: float, name: str, noises: dict[str, str]) -> np.ndarray:
    """An excerpt as it comes back from one damage, int16 at 16 kHz, shape [samples]."""
    source = ["-ss", str(from_sec), "-t", str(seconds), "-i", path]
    if name == "clean":
        return _pcm(source)
    codec, extension = CODECS.get(name, (["-c:a", "flac"], "flac"))
    graph, extra = f"[0:a:0]{FILTERS.get(name, 'anull')}[out]", []
    if name in NOISES:
        kind, ratio_db = NOISES[name]
        gain = _level_db(_pcm(source)) - ratio_db - _level_db(_pcm(["-i", noises[kind]]))
        extra = ["-stream_loop", "-1", "-i", noises[kind]]
        mix = "[0:a:0][noise]amix=inputs=2:duration=first:normalize=0[out]"
        graph = f"[1:a:0]volume={gain:.2f}dB[noise];{mix}"
    with tempfile.NamedTemporaryFile(suffix=f".{extension}") as file:
        command = [*QUIET, *source, *extra, "-filter_complex", graph, "-map", "[out]", "-vn", "-ac", "1", *codec]
        subprocess.run([*command, file.name], check=True, capture_output=True)
        return _pcm(["-i", file.name])
