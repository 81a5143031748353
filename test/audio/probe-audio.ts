/** Probes a file; decodes only its first moments. */
import { decodePcm } from '../../src/audio/decode.ts';
import type { AudioLimits } from '../../src/audio/limits.ts';
import type { ProbedAudio } from '../../src/audio/probe.ts';

export async function probeAudio(
  path: string,
  options: { readonly signal: AbortSignal; readonly limits: AudioLimits },
): Promise<ProbedAudio> {
  const { probed, pcm } = decodePcm(path, { ...options, sampleRateHz: 16_000, toSec: 0.2, fingerprint: false });
  for await (const _ of pcm); // Read to the end, so that the process has ended when this returns.
  return probed;
}
