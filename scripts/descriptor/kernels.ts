/** Constant-Q kernels of the harmony half, cut into parts of one hop each. @see Brown 1991 */
import { hann, midiToHz, range } from './tables.ts';

/** Pitches whose kernels are as long as this many hops. */
export interface KernelGroup {
  readonly hops: number;
  /** MIDI numbers, fractions for pitches between the semitones of A4 = 440 Hz. */
  readonly pitches: readonly number[];
}

/** Kernel length in periods of its note: 34 puts the neighbouring semitone at the edge of a Hann window's main lobe.
 *  The lowest notes of a group get what its hops hold. */
const periods = 34;

/** All parts of all kernels side by side, shape [hop, columns]; group by group, part by part: real parts of the
 *  group's pitches, then imaginary parts. */
export function kernelTable(groups: readonly KernelGroup[], hop: number, sampleRateHz: number) {
  const columns = groups.reduce((total, group) => total + group.hops * widthOf(group), 0);
  const values = new Float64Array(hop * columns);
  for (const group of groups) {
    const firstColumns = partColumns(groups, group).map(([from]) => from);
    group.pitches.forEach((midi, note) => {
      const kernel = kernelOf(midi, group.hops * hop, sampleRateHz);
      kernel.forEach(([real, imaginary], n) => {
        const column = (firstColumns[Math.floor(n / hop)] ?? 0) + note;
        values[(n % hop) * columns + column] = real;
        values[(n % hop) * columns + column + widthOf(group) / 2] = imaginary;
      });
    });
  }
  return { dims: [hop, columns], values };
}

/** Where each part of a group lies in the table: [first column, column after the last]. */
export function partColumns(groups: readonly KernelGroup[], group: KernelGroup): [from: number, to: number][] {
  const before = groups.slice(0, groups.indexOf(group));
  const first = before.reduce((total, other) => total + other.hops * widthOf(other), 0);
  return range(0, group.hops).map((part) => [first + part * widthOf(group), first + (part + 1) * widthOf(group)]);
}

function widthOf(group: KernelGroup): number {
  return 2 * group.pitches.length;
}

/** A Hann-windowed complex tone in the middle of `length` samples, scaled so that a sine of amplitude 1 answers 1. */
function kernelOf(midi: number, length: number, sampleRateHz: number): [real: number, imaginary: number][] {
  const hz = midiToHz(midi);
  const used = Math.min(length, Math.floor((periods * sampleRateHz) / hz));
  const first = Math.floor((length - used) / 2);
  const window = hann(used);
  const scale = 2 / window.reduce((total, value) => total + value, 0);
  return range(0, length).map((n) => {
    const weight = scale * (window[n - first] ?? 0);
    const phase = (2 * Math.PI * hz * (n - length / 2)) / sampleRateHz;
    return [weight * Math.cos(phase), -weight * Math.sin(phase)];
  });
}
