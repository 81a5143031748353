/** Bytes of float32 little-endian, cut anywhere, to samples that a model can take. Pure but for its own carry. */

/** +60 dBFS. Float files may go over full scale; what lies beyond this is damage, and its square would overflow. */
const amplitudeMax = 1000;
const bytesPerSample = 4;

export class SampleReader {
  /** What was carried over, then the part itself: the same memory from part to part, or there would be a quarter of a
   *  gigabyte of garbage an hour. */
  #scratch = new Float32Array(0);
  /** The bytes of a sample that the next part completes: 0 to 3. */
  #rest: Buffer = Buffer.alloc(0);

  /** @returns the samples that `part` completes, valid until the next call; NaN, infinite and absurd ones become 0 */
  read(part: Buffer): Float32Array<ArrayBuffer> {
    const byteLength = this.#rest.length + part.length;
    const length = Math.floor(byteLength / bytesPerSample);
    if (this.#scratch.byteLength < byteLength) this.#scratch = new Float32Array(length + 1);
    const bytes = Buffer.from(this.#scratch.buffer);
    this.#rest.copy(bytes);
    part.copy(bytes, this.#rest.length);
    this.#rest = Buffer.from(bytes.subarray(length * bytesPerSample, byteLength));
    const samples = this.#scratch.subarray(0, length);
    clean(samples);
    return samples;
  }
}

function clean(samples: Float32Array): void {
  for (let i = 0; i < samples.length; i += 1) {
    const sample = samples[i] as number;
    // Written this way round so that NaN, which compares false with everything, fails too.
    if (!(sample >= -amplitudeMax && sample <= amplitudeMax)) samples[i] = 0;
  }
}
