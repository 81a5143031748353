/** What a window holds: a stand-in until the rules are fitted. */
import type { ChunkKind } from '../domain.ts';

export function classifyWindow(samples: Float32Array, _sampleRateHz: number): { kind: ChunkKind; loudnessDb: number } {
  let energy = 0;
  for (const sample of samples) energy += sample * sample;
  const loudnessDb = Math.max(-120, 10 * Math.log10(energy / samples.length + 1e-12));
  return { kind: loudnessDb < -60 ? 'silence' : 'music', loudnessDb };
}
