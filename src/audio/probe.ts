/** What a file is, before it is worked on: read from the first moments of a decoding run, so that no second process
 *  has to be started for it. */
import type { RecordingTags } from '../domain.ts';
import type { AudioClaims } from './claims.ts';
import { decodePcm } from './decode.ts';
import type { AudioLimits } from './limits.ts';

export interface ProbedAudio extends AudioClaims {
  readonly tags: RecordingTags;
}

/** Enough for every container to have shown its head and its decoder to have made a sample. */
const firstMomentsSec = 0.2;

/** For when nothing is to be decoded; `decodePcm` says the same of what it decodes, for nothing.
 *  @throws {LeitmotifError} as decodePcm */
export async function probeAudio(
  path: string,
  options: { readonly signal: AbortSignal; readonly limits: AudioLimits },
): Promise<ProbedAudio> {
  const { probed, pcm } = decodePcm(path, {
    ...options,
    sampleRateHz: 16_000,
    toSec: firstMomentsSec,
    fingerprint: false,
  });
  for await (const _ of pcm); // To its end, so that its process is gone when this returns.
  return probed;
}
