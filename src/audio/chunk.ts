/** Cuts a stream of samples into consecutive windows for the model; the hop equals the window.
 *
 *  The rest at the end becomes a tail: the last full window, which overlaps the window before. A recording shorter than one
 *  window is repeated until it fills one. Memory: three windows at most.
 */
import type { ChunkSpan } from '../domain.ts';
import { LeitmotifError } from '../errors.ts';

export interface WindowOptions {
  readonly sampleRateHz: number;
  readonly windowSec: number;
  /** Position of the first sample in the recording. */
  readonly startSec: number;
  /** Supplies the buffers of windows, with any content; default: a new one for each. */
  readonly memory?: { take(samples: number): Float32Array<ArrayBuffer> };
}

export interface AudioWindow {
  /** Times in the recording. The span of a repeated recording ends with the recording, not with the window. */
  readonly span: ChunkSpan;
  /** Shape [windowSec * sampleRateHz], rounded. Owned by the receiver. */
  readonly samples: Float32Array<ArrayBuffer>;
}

/** A shorter rest is dropped: encoders pad by 20 to 50 ms, and its tail would contain almost nothing new. */
export const tailMinSec = 0.1;

/** Shorter recordings are refused: this is the length of the shortest sung notes. */
export const durationMinSec = 0.25;

/** @throws {RangeError} on a window shorter than `durationMinSec`
 *  @throws {LeitmotifError} audio-too-short when the whole recording is shorter than `durationMinSec` */
export async function* cutWindows(
  pcm: AsyncIterable<Float32Array>,
  { sampleRateHz, windowSec, startSec, memory = newMemory }: WindowOptions,
): AsyncGenerator<AudioWindow> {
  if (!(windowSec >= durationMinSec)) throw new RangeError(`Cannot cut windows: ${windowSec} s is too short for one`);
  const size = Math.round(windowSec * sampleRateHz);
  let index = 0;
  // The latest window, copied for the tail: the receiver may change or transfer its own.
  const before = new Float32Array(size);
  let samples = memory.take(size);
  let filled = 0;

  const spanFrom = (first: number, length: number, overlap: number): ChunkSpan => ({
    index,
    startSec: startSec + first / sampleRateHz,
    endSec: startSec + (first + length) / sampleRateHz,
    overlapSec: overlap / sampleRateHz,
  });

  for await (const part of pcm) {
    for (let read = 0; read < part.length; ) {
      const taken = part.subarray(read, read + size - filled);
      samples.set(taken, filled);
      filled += taken.length;
      read += taken.length;
      if (filled < size) continue;
      before.set(samples);
      yield { span: spanFrom(index * size, size, 0), samples };
      index += 1;
      samples = memory.take(size);
      filled = 0;
    }
  }
  if (index === 0) {
    if (filled < durationMinSec * sampleRateHz) throw tooShort(filled / sampleRateHz);
    yield { span: spanFrom(0, filled, 0), samples: repeat(samples, filled) };
  } else if (filled >= tailMinSec * sampleRateHz) {
    const overlap = size - filled;
    const tail = new Float32Array(size);
    tail.set(before.subarray(filled));
    tail.set(samples.subarray(0, filled), overlap);
    yield { span: spanFrom(index * size - overlap, size, overlap), samples: tail };
  }
}

const newMemory = { take: (samples: number) => new Float32Array(samples) };

function repeat(samples: Float32Array<ArrayBuffer>, filled: number): Float32Array<ArrayBuffer> {
  for (let at = filled; at < samples.length; at += filled) {
    samples.copyWithin(at, 0, Math.min(filled, samples.length - at));
  }
  return samples;
}

function tooShort(durationSec: number): LeitmotifError {
  return new LeitmotifError(
    'audio-too-short',
    `This recording is too short: ${durationSec.toFixed(2)} s of sound, at least ${durationMinSec} s are needed`,
  );
}
