/** Removes what lies below hearing from a window: the constant part, rumble, the drift of brown noise. Pure.
 *
 *  Inaudible power would otherwise be most of a window's level, and every band is measured relative to that: brown noise
 *  passed for music so.
 */

/** The lowest pitch of an orchestra or a piano is 27.5 Hz. */
const cutoffHz = 20;

/** A Butterworth filter of second order, with coefficients by the bilinear transform.
 *  @see https://webaudio.github.io/Audio-EQ-Cookbook/audio-eq-cookbook.html
 *  @param samples left as they are
 *  @returns as many samples; the filter starts settled on the first one, so that a constant part makes no click */
export function highPass(samples: Float32Array, sampleRateHz: number): Float32Array {
  const w = (2 * Math.PI * cutoffHz) / sampleRateHz;
  const alpha = Math.sin(w) / Math.SQRT2;
  const scale = 1 / (1 + alpha);
  const b = ((1 + Math.cos(w)) / 2) * scale;
  const a1 = -2 * Math.cos(w) * scale;
  const a2 = (1 - alpha) * scale;
  const out = new Float32Array(samples.length);
  // The transposed form: what a sample has to wait for is one product and two sums, which is half of the direct form's time.
  const first = samples[0] ?? 0;
  let next = -b * first;
  let afterNext = b * first;
  for (let i = 0; i < samples.length; i += 1) {
    const x = b * (samples[i] as number);
    const y = x + next;
    out[i] = y;
    next = afterNext - 2 * x - a1 * y;
    afterNext = x - a2 * y;
  }
  return out;
}
