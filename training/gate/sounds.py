"""Gathers what the gate's head is trained and judged on, as 16 kHz mono int16.

    python sounds.py --bench BENCH_DEV --corpus CORPUS --speech DIR... --machines DIR... --soundfont SF2... --out DIR

CORPUS holds the tracks of training.json as PACKAGE/PATH. The folders below DIR of --speech are searched for recordings,
one source a folder: Debian packages of spoken prompts and dialogues, unpacked with `dpkg -x`; those below DIR of
--machines for engines, rotors, mills and trains, by name. espeak-ng speaks more; fluidsynth plays soloists. Applause,
crowds, noises, machines and clicks are made by rule.

Writes OUT/sounds.i16 and, a line a recording, OUT/sounds.jsonl: offset and length in samples, label, source, set.
`set` is `bench` for clips of nonmusic.json and `bench-phone` for its music through a telephone's band: no clip of the
benchmark is trained on. It is `train` for the rest (`train-poor`, `train-phone`: damaged). Seeded: the same input gives
the same output.
"""
import argparse
import json
import pathlib
import random
import re
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from scipy import signal

RATE = 16_000
CLIP_SEC = 10


def decode(file, start=None, length=None):
    args = ["ffmpeg", "-nostdin", "-v", "error"]
    if start is not None:
        args += ["-ss", f"{start:.3f}", "-t", str(length)]
    if str(file).endswith(".raw"):
        args += ["-f", "s16le", "-ar", "16000", "-ac", "1"]
    args += ["-i", str(file), "-ac", "1", "-ar", str(RATE), "-f", "s16le", "-"]
    data = subprocess.run(args, capture_output=True, check=True).stdout
    return np.frombuffer(data, np.int16).astype(np.float32) / 32768


class Writer:
    def __init__(self, out):
        out.mkdir(parents=True, exist_ok=True)
        self.samples = open(out / "sounds.i16", "wb")
        self.lines = open(out / "sounds.jsonl", "w")
        self.offset = 0

    def add(self, x, label, source, set_, window_sec=CLIP_SEC):
        if len(x) < RATE:
            return
        self.samples.write(np.clip(np.round(x * 32767), -32768, 32767).astype("<i2").tobytes())
        line = dict(offset=self.offset, length=len(x), windowSec=window_sec, label=label, source=source, set=set_)
        self.lines.write(json.dumps(line) + "\n")
        self.offset += len(x)


def level(x, db):
    rms = np.sqrt(np.mean(x**2)) + 1e-9
    return np.clip(x * (10 ** (db / 20) / rms), -1, 1).astype(np.float32)


def coloured(rng, count, slope_db, smooth=0.0):
    """Noise whose spectrum falls by slope_db an octave, with a random EQ of `smooth` dB."""
    spectrum = np.fft.rfft(rng.standard_normal(count))
    hz = np.maximum(np.fft.rfftfreq(count, 1 / RATE), 20)
    octave = np.log2(hz / 1000)
    gain = slope_db * octave + smooth * np.interp(octave, np.linspace(-6, 3, 10), rng.standard_normal(10))
    return level(np.fft.irfft(spectrum * 10 ** (gain / 20), count), -20)


def room(rng, x, rt60=None):
    rt60 = rng.uniform(0.15, 2.5) if rt60 is None else rt60
    t = np.arange(int(rt60 * RATE)) / RATE
    tail = rng.standard_normal(len(t)) * 10 ** (-3 * t / rt60)
    low, high = rng.uniform(80, 300), rng.uniform(2500, 7500)
    tail = signal.sosfilt(signal.butter(2, [low, high], "band", fs=RATE, output="sos"), tail)
    tail /= np.sqrt(np.sum(tail**2)) + 1e-9
    wet = rng.uniform(0.1, 0.9)
    return (1 - wet) * x + wet * signal.fftconvolve(x, tail)[: len(x)]


def tone_control(rng, x):
    low, high = rng.uniform(30, 250), rng.uniform(3000, 7900)
    return signal.sosfilt(signal.butter(1, [low, high], "band", fs=RATE, output="sos"), x)


def finish(rng, x):
    if rng.random() < 0.6:
        x = room(rng, x)
    if rng.random() < 0.5:
        x = tone_control(rng, x)
    x = level(x, rng.uniform(-35, -12))
    if rng.random() < 0.5:
        x = x + coloured(rng, len(x), rng.uniform(-6, 0)) * 10 ** ((rng.uniform(-75, -45) + 20) / 20)
    return np.clip(x, -1, 1).astype(np.float32)


def claps(rng, seconds):
    """Poisson claps, from a few people to a hall; each a noise burst in a cavity of its own."""
    count = int(seconds * RATE)
    x = np.zeros(count + RATE, np.float32)
    people = int(10 ** rng.uniform(0.5, 2.3))
    together = rng.random() < 0.1
    for _ in range(people):
        hz, q = rng.uniform(500, 2600), rng.uniform(0.7, 3)
        sos = signal.butter(1, [hz / (1 + 0.5 / q), min(7800, hz * (1 + 0.5 / q))], "band", fs=RATE, output="sos")
        rate = 3.2 if together else rng.uniform(2.5, 5)
        gain = 10 ** (rng.uniform(-20, 0) / 20)
        decay = rng.uniform(0.002, 0.012) * RATE
        at = rng.uniform(0, 0.05 if together else 1 / rate)
        clap = signal.sosfilt(sos, rng.standard_normal(600) * np.exp(-np.arange(600) / decay))
        while at < seconds:
            i = int(at * RATE)
            x[i : i + 600] += gain * rng.uniform(0.6, 1) * clap
            at += rng.normal(1 / rate, 0.03 if together else 0.12 / rate) + (0 if rng.random() > 0.03 else rng.uniform(0, 1))
    x = x[:count]
    if rng.random() < 0.3:
        t = np.arange(count) / RATE
        x = x * np.interp(t, [0, rng.uniform(0.3, 2), seconds], [rng.uniform(0, 0.5), 1, rng.uniform(0.1, 1)])
    return x


def crowd(rng, speech, seconds):
    """Many who talk at once; or shouts; over a murmur."""
    count = int(seconds * RATE)
    x = np.zeros(count)
    for _ in range(int(10 ** rng.uniform(0.7, 1.7))):
        voice = speech[rng.integers(len(speech))]
        start = rng.integers(len(voice))
        voice = np.tile(voice, 3)[start : start + int(count * 1.3)]
        step = rng.uniform(0.85, 1.2)
        voice = np.interp(np.arange(count) * step, np.arange(len(voice)), voice)
        x += level(voice, rng.uniform(-35, -20))
    return x + coloured(rng, count, rng.uniform(-9, -3), 3) * 10 ** (rng.uniform(-25, 0) / 20)


def cheer(rng, seconds):
    """Shouted vowels of a crowd: noise and gliding voices through formants, that swell."""
    count = int(seconds * RATE)
    t = np.arange(count) / RATE
    x = coloured(rng, count, rng.uniform(-6, 0), 2)
    for _ in range(int(rng.integers(5, 60))):
        begin, length = rng.uniform(-1, seconds), rng.uniform(0.4, 2.5)
        glide = rng.uniform(120, 450) * 2 ** (rng.normal(0, 0.3) * np.clip((t - begin) / length, 0, 1) + 0.03 * np.sin(2 * np.pi * rng.uniform(3, 7) * t))
        envelope = np.clip(np.minimum((t - begin) / 0.15, (begin + length - t) / 0.3), 0, 1)
        if envelope.max() <= 0:
            continue
        voice = signal.square(2 * np.pi * np.cumsum(glide) / RATE + rng.uniform(0, 6), duty=0.2) * envelope
        x = x + 0.03 * rng.uniform(0.2, 1) * voice
    for hz in rng.choice([500, 700, 1100, 1500, 2500], 2, replace=False):
        x = x + 2 * signal.sosfilt(signal.butter(1, [hz * 0.8, hz * 1.25], "band", fs=RATE, output="sos"), x)
    return x * np.interp(t, np.linspace(0, seconds, 6), 10 ** (rng.uniform(-12, 0, 6) / 20))


def engine(rng, seconds):
    """A piston engine, saw or turbine: pulses at a rate that drifts, with jitter, through resonances; and its noise."""
    count = int(seconds * RATE)
    knots = int(seconds * rng.uniform(0.3, 2)) + 2
    base = 10 ** rng.uniform(1.3, 2.5)
    drift = np.interp(np.arange(count), np.linspace(0, count, knots), rng.normal(0, rng.choice([0.01, 0.05, 0.3]), knots))
    jitter = np.cumsum(rng.standard_normal(count)) * rng.choice([0, 3e-4, 2e-3])
    phase = np.cumsum(base * 2**drift / RATE) + jitter
    pulse = (phase % 1) ** rng.uniform(1, 20) - 0.2
    # Cylinders are not alike: the pulses repeat every few of them, which gives a rough sound.
    cylinders = int(rng.integers(1, 7))
    gains = 1 + rng.normal(0, rng.choice([0.05, 0.4]), cylinders)
    x = level(pulse * gains[(phase.astype(int)) % cylinders], -20)
    for hz in rng.uniform(80, 4000, int(rng.integers(1, 5))):
        x = x + rng.uniform(0.5, 2) * signal.sosfilt(signal.butter(1, [hz * 0.8, min(7900, hz * 1.25)], "band", fs=RATE, output="sos"), x)
    noise = coloured(rng, count, rng.uniform(-7, 0), 6)
    if rng.random() < 0.5:
        noise = noise * (0.3 + (phase % 1))
    return level(x, -20) * rng.uniform(0.2, 1) + noise * rng.uniform(0.1, 1.5)


def rotor(rng, seconds):
    """Blades: noise and thumps that beat at 4 to 30 Hz, over a turbine's whine."""
    count = int(seconds * RATE)
    t = np.arange(count) / RATE
    rate = rng.uniform(4, 30) * (1 + 0.05 * np.interp(t, np.linspace(0, seconds, 5), rng.standard_normal(5)))
    phase = np.cumsum(rate) / RATE
    beat = np.abs(np.sin(np.pi * phase)) ** rng.uniform(1, 12)
    x = coloured(rng, count, rng.uniform(-8, -1), 5) * (rng.uniform(0, 0.5) + beat)
    thump = np.sin(2 * np.pi * rng.uniform(40, 160) * t) * beat
    whine = np.sin(2 * np.pi * np.cumsum(rng.uniform(400, 4000) * (1 + 0.002 * rng.standard_normal(count))) / RATE)
    return x + 0.1 * rng.uniform(0, 1) * thump + 0.02 * rng.uniform(0, 1) * whine


def clicks(rng, seconds):
    """Ticks, drips and knocks: short damped resonances, few a second, over nearly nothing."""
    count = int(seconds * RATE)
    x = np.zeros(count + RATE)
    regular = rng.random() < 0.6
    gap = 10 ** rng.uniform(-0.6, 0.5)
    voices = [(rng.uniform(300, 7000), rng.uniform(0.001, 0.03)) for _ in range(int(rng.integers(1, 4)))]
    at, number = rng.uniform(0, gap), 0
    while at < seconds:
        hz, decay = voices[number % len(voices)]
        t = np.arange(int(12 * decay * RATE)) / RATE
        click = np.exp(-t / decay) * (np.sin(2 * np.pi * hz * t) + rng.uniform(0, 1) * rng.standard_normal(len(t)))
        i = int(at * RATE)
        x[i : i + len(click)] += rng.uniform(0.6, 1) * click[: len(x) - i]
        at += gap * (rng.normal(1, 0.01) if regular else rng.exponential(1) + 0.05)
        number += 1
    x = x[:count] / (np.abs(x).max() + 1e-9)
    return x * 10 ** (rng.uniform(-25, -3) / 20) + coloured(rng, count, -3) * 10 ** (rng.uniform(-70, -35) / 20)


def telephone(rng, x):
    """A telephone's band, its 8 bits, and its noise."""
    low, high = rng.uniform(200, 400), rng.uniform(3000, 3600)
    x = level(signal.sosfilt(signal.butter(4, [low, high], "band", fs=RATE, output="sos"), x), rng.uniform(-28, -14))
    if rng.random() < 0.6:
        compressed = np.sign(x) * np.log1p(255 * np.abs(x)) / np.log(256)
        compressed = np.round(compressed * 127) / 127
        x = np.sign(compressed) * (256 ** np.abs(compressed) - 1) / 255
        x = signal.sosfilt(signal.butter(4, 3700, fs=RATE, output="sos"), x)
    if rng.random() < 0.5:
        x = x + coloured(rng, len(x), -2) * 10 ** (rng.uniform(-40, -15) / 20)
    return np.clip(x, -1, 1).astype(np.float32)


def wind(rng, seconds):
    count = int(seconds * RATE)
    x = coloured(rng, count, rng.uniform(-9, -1), rng.uniform(0, 8))
    if rng.random() < 0.6:
        knots = int(seconds * rng.uniform(0.5, 3)) + 2
        slow = np.interp(np.arange(count), np.linspace(0, count, knots), rng.uniform(-15, 0, knots))
        x = x * 10 ** (slow / 20)
    if rng.random() < 0.3:
        drops = (rng.random(count) < rng.uniform(20, 400) / RATE) * rng.uniform(0.1, 1, count)
        x = x + 0.7 * tone_control(rng, drops)
    return x


def speech_of(folder, rng, seconds_max=200):
    long_enough = 20_000  # bytes: single words and letters are left out
    suffixes = (".g722", ".wav", ".raw", ".ogg")
    found = (f for f in folder.rglob("*") if f.suffix in suffixes and not re.search(r"silence|moh|fx|music", str(f)))
    files = sorted(f for f in found if f.stat().st_size > long_enough)
    rng.shuffle(files)
    parts, total = [], 0
    for file in files:
        x = decode(file)
        if len(x) < RATE or np.sqrt(np.mean(x**2)) < 0.003:
            continue
        parts += [x, np.zeros(int(rng.uniform(0.05, 0.6) * RATE), np.float32)]
        total += len(x) / RATE
        if total > seconds_max:
            break
    return np.concatenate(parts) if parts else np.zeros(0, np.float32)


MACHINES = re.compile(r"engine|helicopter|industry|power(coal|line)|train|plane|(wind|saw)?mill|jet|motor|saw", re.IGNORECASE)


def machines_of(folder):
    """@returns names and samples; short loops are repeated"""
    found = (f for f in sorted(folder.rglob("*")) if f.suffix in (".wav", ".ogg") and MACHINES.search(f.stem))
    for file in found:
        x = decode(file)
        if len(x) > RATE and np.sqrt(np.mean(x**2)) > 0.003:
            yield re.sub(r"[0-9]+$", "", file.stem), np.tile(x, 1 + CLIP_SEC * RATE // len(x))


def poor(rng, x):
    """Old and poor recordings of music are music."""
    if len(x) < RATE:
        return x
    x = level(x[: CLIP_SEC * RATE], -20)
    if rng.random() < 0.5:
        x = room(rng, x)
    hiss = coloured(rng, len(x), rng.uniform(-5, 1)) * 10 ** (-rng.uniform(6, 30) / 20)
    return level(tone_control(rng, x) + hiss, -22)


SENTENCES = {
    "en": "The concert begins at eight this evening, and the doors close when the lights go down. Please switch off your telephones. Thank you very much, ladies and gentlemen, it is a pleasure to be here with you tonight.",
    "de": "Guten Abend, meine Damen und Herren. Das Konzert beginnt um acht Uhr, und wir bitten Sie, Ihre Telefone auszuschalten. Vielen Dank, es ist uns eine Freude, heute hier zu sein.",
    "fr": "Bonsoir mesdames et messieurs. Le concert commence a huit heures, merci d'eteindre vos telephones. C'est un plaisir d'etre ici ce soir avec vous.",
    "it": "Buonasera, signore e signori. Il concerto comincia alle otto, vi preghiamo di spegnere i telefoni. Grazie mille, e un piacere essere qui questa sera.",
    "pt": "Boa noite, senhoras e senhores. O concerto comeca as oito horas, por favor desliguem os telefones. Muito obrigado, e um prazer estar aqui.",
    "pl": "Dobry wieczor panstwu. Koncert zaczyna sie o osmej, prosimy wylaczyc telefony. Dziekujemy bardzo, milo nam tu byc.",
    "nl": "Goedenavond dames en heren. Het concert begint om acht uur, zet alstublieft uw telefoon uit. Hartelijk dank, het is een genoegen hier te zijn.",
}


def espeak(language, variant, speed, pitch):
    args = ["espeak-ng", "-v", f"{language}+{variant}", "-s", str(speed), "-p", str(pitch), "--stdout", SENTENCES[language]]
    wav = subprocess.run(args, capture_output=True, check=True).stdout
    run = subprocess.run(["ffmpeg", "-v", "error", "-i", "-", "-ac", "1", "-ar", str(RATE), "-f", "s16le", "-"], input=wav, capture_output=True, check=True)
    return np.frombuffer(run.stdout, np.int16).astype(np.float32) / 32768


# General MIDI programs of lone voices, which the corpus lacks and which share much with speech: bowed strings, winds,
# choirs, also piano, harpsichord, guitar, harp.
SOLOISTS = [40, 41, 42, 43, 56, 57, 60, 64, 65, 66, 68, 70, 71, 73, 74, 75, 79, 52, 53, 54, 0, 6, 24, 25, 46, 19, 21, 22, 11, 12]


def variable(value):
    out = [value & 0x7F]
    while value := value >> 7:
        out.insert(0, 0x80 | value & 0x7F)
    return bytes(out)


def solo(rng, program, soundfont):
    """A melody for one player, sometimes with double stops, bends, vibrato, rests; in a room, or none."""
    ticks_per_sec = 960
    events = b"\x00" + bytes([0xC0, program]) + b"\x00" + bytes([0xB0, 91, 0])
    note, low = int(rng.integers(48, 76)), int(rng.integers(40, 60))
    quick = rng.uniform(0.08, 0.9)
    elapsed = 0.0
    while elapsed < CLIP_SEC + 2:
        length = quick * rng.choice([0.5, 1, 1, 2, 3])
        note = int(np.clip(note + rng.choice([-7, -5, -4, -3, -2, -1, 0, 1, 2, 3, 4, 5, 7, 12]), low, low + 36))
        chord = [note] + ([note + int(rng.choice([3, 4, 5, 7, 9, 12]))] if rng.random() < 0.15 else [])
        for pitch in chord:
            events += b"\x00" + bytes([0x90, min(127, pitch), int(rng.integers(40, 120))])
        steps = max(1, int(length / 0.03))
        depth = rng.choice([0, 0, 300, 900]) if length > 0.25 else 0
        slide = rng.normal(0, 500) if rng.random() < 0.2 else 0
        for step in range(steps):
            bend = 8192 + depth * np.sin(2 * np.pi * 5.5 * 0.03 * step) + slide * max(0, 1 - step / 4)
            bend = int(np.clip(bend, 0, 16383))
            events += variable(int(ticks_per_sec * length / steps)) + bytes([0xE0, bend & 0x7F, bend >> 7])
        for pitch in chord:
            events += b"\x00" + bytes([0x80, min(127, pitch), 0])
        rest = quick if rng.random() < 0.1 else 0.0
        events += variable(int(ticks_per_sec * rest)) + bytes([0xB0, 1, 0])
        elapsed += length + rest
    events += b"\x00\xff\x2f\x00"
    head = b"MThd" + (6).to_bytes(4, "big") + b"\x00\x00\x00\x01" + (ticks_per_sec // 2).to_bytes(2, "big")
    with tempfile.TemporaryDirectory() as folder:
        midi, wav = pathlib.Path(folder, "a.mid"), pathlib.Path(folder, "a.wav")
        midi.write_bytes(head + b"MTrk" + len(events).to_bytes(4, "big") + events)
        args = ["fluidsynth", "-ni", "-q", "-r", "16000", "-g", "0.8", "-F", str(wav), str(soundfont), str(midi)]
        subprocess.run(args, capture_output=True, check=True)
        return decode(wav)[: CLIP_SEC * RATE]


def pieces_of(tracks, corpus):
    """Two whole pieces of each soundtrack, of less than seven minutes where there are any."""
    by_soundtrack = {}
    for track in tracks:
        if (corpus / track["package"] / track["path"]).exists():
            by_soundtrack.setdefault(track["soundtrack"], []).append(track)
    chosen, choice = [], random.Random(4)
    for of in by_soundtrack.values():
        choice.shuffle(of)
        chosen += ([track for track in of if track["durationSec"] < 420] or of)[:2]
    return chosen


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bench", type=pathlib.Path, required=True)
    parser.add_argument("--corpus", type=pathlib.Path, required=True)
    parser.add_argument("--speech", type=pathlib.Path, nargs="*", default=[])
    parser.add_argument("--machines", type=pathlib.Path, nargs="*", default=[])
    parser.add_argument("--soundfont", type=pathlib.Path, nargs="*", default=[], help="renders soloists")
    parser.add_argument("--jobs", type=int, default=4, help="decodings at once")
    parser.add_argument("--out", type=pathlib.Path, required=True)
    args = parser.parse_args()
    writer = Writer(args.out)
    rng = np.random.default_rng(4)

    clips = json.loads((args.bench / "nonmusic.json").read_text())["clips"]
    with ThreadPoolExecutor(args.jobs) as pool:
        decoded = pool.map(decode, [args.bench / clip["file"] for clip in clips])
        for clip, x in zip(clips, decoded):
            writer.add(x, clip["class"], clip["source"], "bench", 5)
            if clip["class"] == "music":
                writer.add(telephone(rng, x), "music", clip["source"], "bench-phone", 5)

    voices = []
    folders = [f for d in args.speech for f in sorted(d.iterdir()) if f.is_dir()]
    for folder in folders:
        x = speech_of(folder, rng)
        if len(x):
            voices.append((folder.name, x))
    for language in SENTENCES:
        for variant in ("m3", "f2", "m7", "f4"):
            x = espeak(language, variant, int(rng.integers(120, 200)), int(rng.integers(25, 75)))
            voices.append((f"espeak-{language}", x))
    for name, x in voices:
        for _ in range(30 if name.startswith("espeak") is False else 4):
            start = rng.integers(max(1, len(x) - CLIP_SEC * RATE))
            piece = np.tile(x, 2)[start : start + CLIP_SEC * RATE]
            piece = telephone(rng, piece) if rng.random() < 0.15 else piece
            writer.add(finish(rng, piece) if rng.random() < 0.7 else piece, "speech", name, "train")
    machines = [sound for d in args.machines for f in sorted(d.iterdir()) if f.is_dir() for sound in machines_of(f)]
    for name, x in machines:
        for _ in range(3):
            start = rng.integers(max(1, len(x) - CLIP_SEC * RATE))
            piece = x[start : start + CLIP_SEC * RATE]
            writer.add(finish(rng, piece) if rng.random() < 0.5 else piece, "machine", name, "train")
    speech = [x for _, x in voices]
    for i in range(150):
        writer.add(finish(rng, claps(rng, CLIP_SEC)), "applause", f"claps-{i % 5}", "train")
        mixed = level(claps(rng, CLIP_SEC), -20) + level(cheer(rng, CLIP_SEC) if i % 2 else crowd(rng, speech, CLIP_SEC), rng.uniform(-36, -26))
        writer.add(finish(rng, mixed), "applause", f"claps-{i % 5}", "train")
        writer.add(finish(rng, crowd(rng, speech, CLIP_SEC)), "crowd", f"babble-{i % 5}", "train")
        writer.add(finish(rng, cheer(rng, CLIP_SEC)), "crowd", f"cheer-{i % 5}", "train")
        writer.add(finish(rng, wind(rng, CLIP_SEC)), "noise", f"noise-{i % 5}", "train")
        writer.add(finish(rng, engine(rng, CLIP_SEC)), "machine", f"engine-{i % 5}", "train")
        writer.add(finish(rng, rotor(rng, CLIP_SEC)), "machine", f"rotor-{i % 5}", "train")
        writer.add(clicks(rng, CLIP_SEC), "clicks", f"clicks-{i % 5}", "train")

    for track in pieces_of(json.loads((args.bench / "training.json").read_text())["tracks"], args.corpus):
        x = decode(args.corpus / track["package"] / track["path"])
        writer.add(x, "music", track["soundtrack"], "train")
        for start in rng.integers(0, max(1, len(x) - CLIP_SEC * RATE), 3):
            writer.add(poor(rng, x[start : start + CLIP_SEC * RATE]), "music", track["soundtrack"], "train-poor")
        for start in rng.integers(0, max(1, len(x) - CLIP_SEC * RATE), 4):
            writer.add(telephone(rng, x[start : start + CLIP_SEC * RATE]), "music", track["soundtrack"], "train-phone")
    for soundfont in args.soundfont:
        for program in SOLOISTS:
            for _ in range(4):
                x = solo(rng, program, soundfont)
                x = telephone(rng, x) if rng.random() < 0.15 else x
                writer.add(finish(rng, x) if rng.random() < 0.7 else x, "music", f"solo-{program // 8}", "train")
    writer.samples.close()
    writer.lines.close()


if __name__ == "__main__":
    main()
