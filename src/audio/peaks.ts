/** The peaks of a recording, for a drawn waveform: one ffmpeg run, read as it comes. */
import { audioStreamOf } from './choose-stream.ts';
import { startDeadline } from './deadline.ts';
import { failureOf } from './failure.ts';
import { startFfmpeg } from './ffmpeg.ts';
import { type AudioInput, checkInput, inputOf, openable } from './input.ts';
import type { AudioLimits } from './limits.ts';

/** Enough for peaks: a waveform has some pixels a second. */
const rateHz = 8_000;
/** Two channels: their sum would hide what they hold against each other. */
const channels = 2;
const fullScale = 32_768;

export interface PeaksOptions {
  /** Of the whole recording. */
  readonly durationSec: number;
  readonly points: number;
  readonly signal: AbortSignal;
  readonly limits: AudioLimits;
}

/** @returns the largest amplitude in each of `points` equal parts, [0, 1], of the louder channel; 0 beyond the end. Those of one
 *    channel are 3 dB lower: ffmpeg spreads it over two
 *  @throws {LeitmotifError} file-unreadable, audio-*, cancelled, tool-missing */
export async function readPeaks(
  source: AudioInput,
  { durationSec, points, signal, limits }: PeaksOptions,
): Promise<Float32Array> {
  await checkInput(source, limits);
  await using input = await openable(source);
  const deadline = startDeadline(signal, limits.deadlineMs);
  try {
    const stream = await audioStreamOf(input, limits, deadline.signal);
    const { url, options } = inputOf(input);
    const globals = ['-nostdin', '-hide_banner', '-nostats', '-loglevel', 'level+error'];
    const { memoryMaxBytes, deadlineMs, niceness = 0 } = limits;
    const run = startFfmpeg(
      {
        inputs: [{ url, options: [...globals, ...options, '-t', String(limits.durationMaxSec)] }],
        filterGraph: `[0:a:${stream}]aresample=${rateHz}:ochl=stereo:osf=s16[pcm]`,
        outputs: [{ target: 'stdout', options: ['-map', '[pcm]', '-c:a', 'pcm_s16le', '-f', 's16le'] }],
      },
      { memoryMaxBytes, cpuMaxSec: deadlineMs / 1000, niceness, signal: deadline.signal },
    );
    const peaks = new PeakMeter(points, (durationSec * rateHz * channels) / points);
    for await (const part of run.stdout) peaks.read(part as Buffer);
    const exit = await run.exited;
    if (!exit.ok) throw deadline.failure() ?? failureOf(exit);
    return peaks.values;
  } finally {
    deadline.stop();
  }
}

export class PeakMeter {
  readonly values: Float32Array;
  readonly #perPoint: number;
  #count = 0;
  /** The first byte of a sample that the next part completes. */
  #rest: number | null = null;

  /** @param perPoint samples, of all channels together */
  constructor(points: number, perPoint: number) {
    this.values = new Float32Array(points);
    this.#perPoint = Math.max(perPoint, Number.EPSILON);
  }

  /** @param part 16-bit samples, little-endian, split anywhere */
  read(part: Buffer): void {
    let at = 0;
    if (this.#rest !== null && part.length > 0) {
      this.#take(Buffer.from([this.#rest, part[0] as number]).readInt16LE(0));
      this.#rest = null;
      at = 1;
    }
    for (; at + 1 < part.length; at += 2) this.#take(part.readInt16LE(at));
    if (at < part.length) this.#rest = part[at] as number;
  }

  #take(sample: number): void {
    const point = Math.min(Math.floor(this.#count / this.#perPoint), this.values.length - 1);
    const size = Math.abs(sample) / fullScale;
    if (size > (this.values[point] as number)) this.values[point] = size;
    this.#count += 1;
  }
}
