/** Mixes two channels to one with the power of both. Where the channels cancel each other out (L = -R, a polarity fault of
 *  cables and encoders), their difference is used instead: the sound that a listener with two loudspeakers hears.
 *
 *  Decided for each tenth of a second, so that a stretch in the middle of a recording is found too. With hysteresis, because sum
 *  and difference differ in level: a recording near the threshold must not jump between them.
 */

/** Decisions per second. */
const blocksPerSec = 10;
/** The difference is used when the sum is 30 dB below it. The sum of wide stereo music is at least 10 dB above that. */
const cancelledPower = 1e-3;
/** The sum is used again when it is less than 20 dB below the difference. */
const returnedPower = 1e-2;
/** -100 dBFS: lower levels are rounding errors and dither. */
const audiblePower = 1e-10;
/** Cross-fade between sum and difference, against clicks. */
const fadeSec = 0.01;

export class StereoMix {
  readonly #blockFrames: number;
  readonly #fadeFrames: number;
  /** Interleaved frames of the block that the next part completes. */
  readonly #rest: Float32Array;
  /** In samples of both channels. */
  #restLength = 0;
  #mono = new Float32Array(0);
  #isDifference = false;
  #tookDifference = false;

  constructor(sampleRateHz: number) {
    this.#blockFrames = Math.max(1, Math.round(sampleRateHz / blocksPerSec));
    this.#fadeFrames = Math.min(this.#blockFrames, Math.round(sampleRateHz * fadeSec));
    this.#rest = new Float32Array(2 * this.#blockFrames);
  }

  /** Whether any sample so far came from the difference. */
  get tookDifference(): boolean {
    return this.#tookDifference;
  }

  /** @param stereo interleaved; may end within a frame
   *  @returns whole blocks, in order, valid until the next call */
  read(stereo: Float32Array): Float32Array {
    const frames = Math.floor((this.#restLength + stereo.length) / 2);
    if (this.#mono.length < frames) this.#mono = new Float32Array(frames);
    let written = 0;
    let at = 0;
    while (this.#restLength + stereo.length - at >= this.#rest.length) {
      const taken = this.#rest.length - this.#restLength;
      const block =
        this.#restLength === 0 ? stereo.subarray(at, at + taken) : this.#completed(stereo.subarray(at, at + taken));
      this.#mix(block, written);
      written += this.#blockFrames;
      at += taken;
    }
    this.#rest.set(stereo.subarray(at), this.#restLength);
    this.#restLength += stereo.length - at;
    return this.#mono.subarray(0, written);
  }

  /** @returns the rest of the last block */
  end(): Float32Array {
    const frames = Math.floor(this.#restLength / 2);
    if (this.#mono.length < frames) this.#mono = new Float32Array(frames);
    this.#mix(this.#rest.subarray(0, 2 * frames), 0);
    this.#restLength = 0;
    return this.#mono.subarray(0, frames);
  }

  #completed(part: Float32Array): Float32Array {
    this.#rest.set(part, this.#restLength);
    this.#restLength = 0;
    return this.#rest;
  }

  #mix(block: Float32Array, to: number): void {
    const mono = this.#mono;
    const frames = block.length / 2;
    // Local variables, because objects for the sums took three quarters of the time.
    let [sum, sumSquares, difference, differenceSquares] = [0, 0, 0, 0];
    for (let i = 0; i < frames; i += 1) {
      const left = block[2 * i] as number;
      const right = block[2 * i + 1] as number;
      const both = Math.SQRT1_2 * (left + right);
      const other = Math.SQRT1_2 * (left - right);
      mono[to + i] = both;
      sum += both;
      sumSquares += both * both;
      difference += other;
      differenceSquares += other * other;
    }
    const was = this.#isDifference;
    this.#isDifference = isCancelled(power(sum, sumSquares, frames), power(difference, differenceSquares, frames), was);
    if (!was && !this.#isDifference) return;
    this.#tookDifference = true;
    for (let i = 0; i < frames; i += 1) {
      const changed = was === this.#isDifference ? 1 : Math.min(1, i / this.#fadeFrames);
      const share = this.#isDifference ? changed : 1 - changed;
      const other = Math.SQRT1_2 * ((block[2 * i] as number) - (block[2 * i + 1] as number));
      mono[to + i] = (1 - share) * (mono[to + i] as number) + share * other;
    }
  }
}

/** @param was the result for the block before */
function isCancelled(sum: number, difference: number, was: boolean): boolean {
  if (difference < audiblePower) return was && sum < audiblePower;
  return sum < (was ? returnedPower : cancelledPower) * difference;
}

/** Mean square without the constant offset, which is not sound. */
function power(sum: number, squares: number, count: number): number {
  return count === 0 ? 0 : Math.max(0, squares / count - (sum / count) ** 2);
}
