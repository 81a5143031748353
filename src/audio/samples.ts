/** Converts float32 little-endian bytes, split anywhere, to samples in the range of a model. */

/** +60 dBFS. Float files may exceed full scale; larger values are damage, and their squares could overflow. */
const amplitudeMax = 1000;
const bytesPerSample = 4;
/** Codecs overshoot full scale by less. A louder recording has a wrong scale and is turned down. */
const overshootMax = Math.SQRT2;
/** Per sample. The limiter turns down at once; its envelope halves in about half a second of 16 kHz stereo. */
const limiterDecay = 0.99996;
/** Without the sign, the bits of float32 numbers sort as integers, and those of NaN come after all numbers. */
const magnitudeBits = 0x7f_ff_ff_ff;

export class SampleReader {
  /** The carried bytes followed by the new part. Reused, because fresh buffers would make a quarter of a gigabyte of garbage
   *  for an hour of music. */
  #scratch = new Float32Array(0);
  /** The first 0 to 3 bytes of a sample that the next part completes. */
  #rest: Buffer = Buffer.alloc(0);
  #peak = 0;
  #damaged = 0;
  #limited = 0;
  /** The limiter's envelope: the largest recent amplitude, decaying. Only what exceeds `overshootMax` has an effect. */
  #envelope = 0;

  /** The largest amplitude of the returned samples. */
  get peak(): number {
    return this.#peak;
  }

  /** The number of samples that were set to 0. */
  get damaged(): number {
    return this.#damaged;
  }

  /** The number of samples that were turned down. */
  get limited(): number {
    return this.#limited;
  }

  /** @param part may be changed: samples are cleaned in place where they are aligned
   *  @returns the samples that `part` completes, valid until the next call. NaN, infinite and damaged ones become 0, and those far
   *    over full scale are limited, so that the model and the fingerprint get the same signal */
  read(part: Buffer): Float32Array {
    const samples = this.#inPlace(part) ?? this.#copied(part);
    this.#clean(samples);
    return samples;
  }

  /** @returns null where a sample begins in an earlier part or at an odd address */
  #inPlace(part: Buffer): Float32Array | null {
    if (this.#rest.length > 0 || part.byteOffset % bytesPerSample !== 0) return null;
    const length = Math.floor(part.length / bytesPerSample);
    this.#rest = Buffer.from(part.subarray(length * bytesPerSample));
    return new Float32Array(part.buffer, part.byteOffset, length);
  }

  #copied(part: Buffer): Float32Array {
    const byteLength = this.#rest.length + part.length;
    const length = Math.floor(byteLength / bytesPerSample);
    if (this.#scratch.byteLength < byteLength) this.#scratch = new Float32Array(length + 1);
    const bytes = Buffer.from(this.#scratch.buffer);
    this.#rest.copy(bytes);
    part.copy(bytes, this.#rest.length);
    this.#rest = Buffer.from(bytes.subarray(length * bytesPerSample, byteLength));
    return this.#scratch.subarray(0, length);
  }

  #clean(samples: Float32Array): void {
    const largest = largestAmplitude(samples);
    // Nearly every part: nothing is damaged, and the limiter is and stays at rest. The loop below took half of the time here.
    if (largest <= overshootMax && this.#envelope <= overshootMax) {
      this.#peak = Math.max(this.#peak, largest);
      return;
    }
    this.#limit(samples);
  }

  #limit(samples: Float32Array): void {
    let [peak, envelope] = [this.#peak, this.#envelope];
    for (let i = 0; i < samples.length; i += 1) {
      const sample = samples[i] as number;
      const size = Math.abs(sample);
      // In this direction NaN fails the comparison too.
      if (size <= amplitudeMax) {
        envelope = Math.max(envelope * limiterDecay, size);
        const isLimited = envelope > overshootMax;
        if (isLimited) {
          samples[i] = sample / envelope;
          this.#limited += 1;
        }
        peak = Math.max(peak, isLimited ? size / envelope : size);
        continue;
      }
      samples[i] = 0;
      this.#damaged += 1;
    }
    this.#peak = peak;
    this.#envelope = envelope;
  }
}

const bitsOfFloat = new Int32Array(1);
const floatOfBits = new Float32Array(bitsOfFloat.buffer);

/** Four maxima at a time, because one would wait for itself. @returns the largest amplitude; NaN if a sample is NaN */
function largestAmplitude(samples: Float32Array): number {
  const bits = new Int32Array(samples.buffer, samples.byteOffset, samples.length);
  const fours = bits.length - (bits.length % 4);
  let [a, b, c, d] = [0, 0, 0, 0];
  for (let i = 0; i < fours; i += 4) {
    const w = (bits[i] as number) & magnitudeBits;
    const x = (bits[i + 1] as number) & magnitudeBits;
    const y = (bits[i + 2] as number) & magnitudeBits;
    const z = (bits[i + 3] as number) & magnitudeBits;
    if (w > a) a = w;
    if (x > b) b = x;
    if (y > c) c = y;
    if (z > d) d = z;
  }
  for (let i = fours; i < bits.length; i += 1) a = Math.max(a, (bits[i] as number) & magnitudeBits);
  bitsOfFloat[0] = Math.max(a, b, c, d);
  return floatOfBits[0] as number;
}
