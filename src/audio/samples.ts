/** Bytes of float32 little-endian, cut anywhere, to samples that a model can take. Pure but for its own carry. */

/** +60 dBFS. Float files may go over full scale; what lies beyond this is damage, and its square would overflow. */
const amplitudeMax = 1000;
const bytesPerSample = 4;
/** Codecs overshoot full scale by less. A recording beyond this is too loud by a factor, and is turned down. */
const overshootMax = Math.SQRT2;
/** A limiter that turns down at once and up again by half in about half a second of 16 kHz stereo. */
const limiterDecay = 0.99996;

export class SampleReader {
  /** What was carried over, then the part itself: the same memory from part to part, or there would be a quarter of a
   *  gigabyte of garbage an hour. */
  #scratch = new Float32Array(0);
  /** The bytes of a sample that the next part completes: 0 to 3. */
  #rest: Buffer = Buffer.alloc(0);
  #peak = 0;
  #wasCleaned = false;
  /** The limiter's envelope: the largest amplitude of late, fading. */
  #envelope = 0;

  /** The largest amplitude of the samples that were returned. */
  get peak(): number {
    return this.#peak;
  }

  /** Whether any sample was changed: set to 0, or turned down. */
  get wasCleaned(): boolean {
    return this.#wasCleaned;
  }

  /** @returns the samples that `part` completes, valid until the next call; NaN, infinite and absurd ones become 0, and what is far
   *    over full scale is limited, so that the model and the fingerprint get the same signal */
  read(part: Buffer): Float32Array<ArrayBuffer> {
    const byteLength = this.#rest.length + part.length;
    const length = Math.floor(byteLength / bytesPerSample);
    if (this.#scratch.byteLength < byteLength) this.#scratch = new Float32Array(length + 1);
    const bytes = Buffer.from(this.#scratch.buffer);
    this.#rest.copy(bytes);
    part.copy(bytes, this.#rest.length);
    this.#rest = Buffer.from(bytes.subarray(length * bytesPerSample, byteLength));
    const samples = this.#scratch.subarray(0, length);
    this.#clean(samples);
    return samples;
  }

  #clean(samples: Float32Array): void {
    let [peak, envelope] = [this.#peak, this.#envelope];
    for (let i = 0; i < samples.length; i += 1) {
      const sample = samples[i] as number;
      const size = Math.abs(sample);
      // Written this way round so that NaN, which compares false with everything, fails too.
      if (size <= amplitudeMax) {
        envelope = Math.max(envelope * limiterDecay, size);
        const isTurnedDown = envelope > overshootMax;
        if (isTurnedDown) {
          samples[i] = sample / envelope;
          this.#wasCleaned = true;
        }
        peak = Math.max(peak, isTurnedDown ? size / envelope : size);
        continue;
      }
      samples[i] = 0;
      this.#wasCleaned = true;
    }
    this.#peak = peak;
    this.#envelope = envelope;
  }
}
