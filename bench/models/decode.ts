/** What no model can be faster than: the clips decoded and cut, with their fingerprints, as the worker does it. */
import { cutWindows } from '../../src/audio/chunk.ts';
import { decodePcm } from '../../src/audio/decode.ts';
import { processFigures } from '../process-figures.ts';

/** The built-in model's. */
const sampleRateHz = 16_000;
const windowSec = 10;
const rounds = 5;
const limits = { deadlineMs: 60_000, durationMaxSec: 600, bytesMax: 1e9, memoryMaxBytes: 2 ** 31 };

/** @returns seconds of processor time a window that ffmpeg takes, its start included. Not counted: reading what it gives */
export async function decodingCpuSec(files: readonly string[]): Promise<number> {
  // The first run shows in which order the next ones search their libraries.
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
