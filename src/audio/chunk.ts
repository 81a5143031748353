/** Cuts a stream of samples into the windows that are embedded: one after the other, the hop as long as the window.
 *
 *  What is left at the end is heard through a tail: the last full window, which reaches back over its neighbour. A
 *  recording shorter than one window is repeated until it fills one. Memory: two windows.
 */
import type { ChunkSpan } from '../domain.ts';
import { LeitmotifError } from '../errors.ts';

export interface WindowOptions {
  readonly sampleRateHz: number;
  readonly windowSec: number;
  /** Position of the first sample in the recording. */
  readonly startSec: number;
}

export interface AudioWindow {
  /** Times of the recording. A repeated recording's span ends where the recording does, not where the window does. */
  readonly span: ChunkSpan;
  /** Shape [windowSec * sampleRateHz], rounded. The receiver's to keep. */
  readonly samples: Float32Array<ArrayBuffer>;
}

/** A rest shorter than this is dropped: encoders pad by 20 to 50 ms, and a window of nothing new helps nobody. */
export const tailMinSec = 0.1;

/** Less than this says nothing about music: the shortest of sung notes. */
export const durationMinSec = 0.25;

/** @throws {RangeError} on a window shorter than `durationMinSec`
 *  @throws {LeitmotifError} audio-too-short when all of it is shorter than `durationMinSec` */
export async function* cutWindows(
  pcm: AsyncIterable<Float32Array>,
  { sampleRateHz, windowSec, startSec }: WindowOptions,
): AsyncGenerator<AudioWindow> {
  if (!(windowSec >= durationMinSec)) throw new RangeError(`Cannot cut windows: ${windowSec} s is too short for one`);
  const size = Math.round(windowSec * sampleRateHz);
  let index = 0;
  // A copy for the tail, in the same memory each time: the receiver may change or give away its own.
  const before = new Float32Array(size);
  let samples = new Float32Array(size);
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
      samples = new Float32Array(size);
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
