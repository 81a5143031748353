/** Measures the lower bound of all models: decoding and cutting the clips, with their fingerprints, like in the worker. */
import { cutWindows } from '../../src/audio/chunk.ts';
import { decodePcm } from '../../src/audio/decode.ts';
import { processFigures } from '../process-figures.ts';

/** Those of the built-in model. */
const sampleRateHz = 16_000;
const windowSec = 10;
const rounds = 5;
const limits = { deadlineMs: 60_000, durationMaxSec: 600, bytesMax: 1e9, memoryMaxBytes: 2 ** 31 };

/** @returns seconds of processor time per window of ffmpeg, including its start but not the reading of its output */
export async function decodingCpuSec(files: readonly string[]): Promise<number> {
  // A first run, not counted.
  await decodeAll(files);
  const before = endedChildrenCpuSec();
  let windows = 0;
  for (let round = 0; round < rounds; round++) windows += await decodeAll(files);
  return (endedChildrenCpuSec() - before) / windows;
}

async function decodeAll(files: readonly string[]): Promise<number> {
  let windows = 0;
  for (const file of files) {
    const signal = AbortSignal.timeout(limits.deadlineMs);
    const { pcm } = decodePcm(file, { sampleRateHz, fingerprint: true, signal, limits });
    for await (const _ of cutWindows(pcm, { sampleRateHz, windowSec, startSec: 0 })) windows++;
  }
  return windows;
}

function endedChildrenCpuSec(): number {
  const { user, system } = process.cpuUsage();
  return (processFigures(process.pid)?.cpuSec ?? 0) - (user + system) / 1e6;
}
