/** Brings a window to the rate that the gate's head was trained at, whatever the model's own. Pure. */

/** Lobes of the kernel to each side: enough to keep what lies above 8 kHz 50 dB down. */
const lobes = 8;
/** Places between two samples for which the kernel is tabulated; the nearest is taken, which is off by -60 dB. */
const phases = 256;

/** @returns the samples themselves where the rate is right already */
export function toRate(samples: Float32Array, fromHz: number, toHz: number): Float32Array {
  if (fromHz === toHz) return samples;
  const step = fromHz / toHz;
  const reach = Math.ceil(lobes * Math.max(1, step));
  const cutoff = Math.min(1, toHz / fromHz);
  // 48 kHz needs one phase, 44.1 kHz all of them.
  const kernels: Float32Array[] = [];
  const out = new Float32Array(Math.max(1, Math.floor(samples.length / step)));
  for (let i = 0; i < out.length; i += 1) {
    const at = Math.round(i * step * phases);
    const whole = Math.floor(at / phases);
    const phase = at - whole * phases;
    kernels[phase] ??= kernelOf(phase, reach, cutoff);
    const kernel = kernels[phase];
    const first = whole - reach + 1;
    const from = Math.max(0, -first);
    const to = Math.min(kernel.length, samples.length - first);
    let sum = 0;
    for (let k = from; k < to; k += 1) sum += (samples[first + k] as number) * (kernel[k] as number);
    out[i] = sum;
  }
  return out;
}

/** A windowed sinc: its tap k lies `phase / phases - (k - reach + 1)` samples away.
 *  @param cutoff the pass band as a share of the band there is */
function kernelOf(phase: number, reach: number, cutoff: number): Float32Array {
  return Float32Array.from({ length: 2 * reach }, (_, k) => {
    const distance = phase / phases - (k - reach + 1);
    const x = Math.PI * distance * cutoff;
    const sinc = x === 0 ? 1 : Math.sin(x) / x;
    return cutoff * sinc * (0.5 + 0.5 * Math.cos((Math.PI * distance) / reach));
  });
}
