/** Bytes of float32 little-endian, cut anywhere, to samples that a model can take. Pure but for its own carry. */

/** +60 dBFS. Float files may go over full scale; what lies beyond this is damage, and its square would overflow. */
const amplitudeMax = 1000;
const bytesPerSample = 4;

export class SampleReader {
  #carry: Buffer = Buffer.alloc(0);

  /** @returns the samples that `part` completes, in a buffer of their own; NaN, infinite and absurd ones become 0 */
  read(part: Buffer): Float32Array<ArrayBuffer> {
    const length = this.#carry.length + part.length;
    const samples = new Float32Array(Math.floor(length / bytesPerSample));
    const bytes = Buffer.from(samples.buffer);
    const used = this.#carry.copy(bytes);
    const taken = part.copy(bytes, used, 0, bytes.length - used);
    this.#carry = bytes.length === 0 ? Buffer.concat([this.#carry, part]) : Buffer.from(part.subarray(taken));
    return clean(samples);
  }
}

function clean<T extends Float32Array>(samples: T): T {
  for (let i = 0; i < samples.length; i += 1) {
    const sample = samples[i] as number;
    // Written this way round so that NaN, which compares false with everything, fails too.
    if (!(sample >= -amplitudeMax && sample <= amplitudeMax)) samples[i] = 0;
  }
  return samples;
}
