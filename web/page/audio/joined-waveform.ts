/** The waveforms of several recordings as one, each as wide as it is long. Pure. */
import type { Waveform } from '../api/types.ts';

/** As many as one recording has. */
const points = 1_000;

/** @param waveforms null: not known, drawn as silence */
export function joinedWaveform(
  parts: readonly { readonly startSec: number; readonly durationSec: number }[],
  waveforms: readonly (Waveform | null)[],
): Waveform {
  const durationSec = parts.reduce((end, part) => Math.max(end, part.startSec + part.durationSec), 0);
  const peaks = Array.from({ length: points }, (_, point) => {
    const sec = ((point + 0.5) / points) * durationSec;
    const at = parts.findLastIndex(({ startSec }) => startSec <= sec);
    const [part, own] = [parts[at], waveforms[at]?.peaks ?? []];
    if (!part || own.length === 0) return 0;
    const share = (sec - part.startSec) / Math.max(part.durationSec, 1e-3);
    return own[Math.min(own.length - 1, Math.floor(share * own.length))] ?? 0;
  });
  return { durationSec, peaks };
}
