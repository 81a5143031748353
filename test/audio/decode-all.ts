import { type DecodeResult, decodePcm } from '../../src/audio/decode.ts';
import type { DecodeOptions } from '../../src/audio/decode-job.ts';
import type { ProbedAudio } from '../../src/audio/probe.ts';
import { limits, never } from './make-audio.ts';

export interface Decoded extends DecodeResult {
  readonly probed: ProbedAudio;
  readonly samples: Float32Array;
}

/** Decodes a whole recording into memory; for short ones. */
export async function decodeAll(file: string, options: Partial<DecodeOptions> = {}): Promise<Decoded> {
  const decoding = decodePcm(file, { sampleRateHz: 16_000, fingerprint: true, signal: never, limits, ...options });
  const parts: Float32Array[] = [];
  for await (const part of decoding.pcm) parts.push(part.slice());
  const samples = new Float32Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    samples.set(part, at);
    at += part.length;
  }
  return { ...(await decoding.finished), probed: await decoding.probed, samples };
}
