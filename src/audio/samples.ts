/** Converts float32 little-endian bytes, split anywhere, to samples in the range of a model. */

/** +60 dBFS. Float files may exceed full scale; larger values are damage, and their squares could overflow. */
const amplitudeMax = 1000;
const bytesPerSample = 4;
/** Codecs overshoot full scale by less. A louder recording has a wrong scale and is turned down. */
const overshootMax = Math.SQRT2;
/** Per sample. The limiter turns down at once; its envelope halves in about half a second of 16 kHz stereo. */
const limiterDecay = 0.99996;

export class SampleReader {
  /** The carried bytes followed by the new part. Reused, because fresh buffers would make a quarter of a gigabyte of garbage
   *  for an hour of music. */
  #scratch = new Float32Array(0);
  /** The first 0 to 3 bytes of a sample that the next part completes. */
  #rest: Buffer = Buffer.alloc(0);
  #peak = 0;
  #wasCleaned = false;
  /** The limiter's envelope: the largest recent amplitude, decaying. */
  #envelope = 0;

  /** The largest amplitude of the returned samples. */
  get peak(): number {
    return this.#peak;
  }

  /** Whether any sample was set to 0 or turned down. */
  get wasCleaned(): boolean {
    return this.#wasCleaned;
  }

  /** @returns the samples that `part` completes, valid until the next call. NaN, infinite and damaged ones become 0, and those far
   *    over full scale are limited, so that the model and the fingerprint get the same signal */
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
      // In this direction NaN fails the comparison too.
      if (size <= amplitudeMax) {
        envelope = Math.max(envelope * limiterDecay, size);
        const isLimited = envelope > overshootMax;
        if (isLimited) {
          samples[i] = sample / envelope;
          this.#wasCleaned = true;
        }
        peak = Math.max(peak, isLimited ? size / envelope : size);
        continue;
      }
      samples[i] = 0;
      this.#wasCleaned = true;
    }
    this.#peak = peak;
    this.#envelope = envelope;
  }
}
