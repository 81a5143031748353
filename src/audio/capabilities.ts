/** Checks that the ffmpeg of this machine has what decoding needs. Done once, when a worker starts: the failure of one file
 *  proves nothing, because a file can imitate any error text. */
import { LeitmotifError } from '../errors.ts';
import { failureOf } from './failure.ts';
import { startFfmpeg } from './ffmpeg.ts';
import { fingerprintOptions } from './fingerprint.ts';

/** Address space, the same as for a recording: if it is too small, every recording would fail. */
export interface CapabilityLimits {
  readonly memoryMaxBytes: number;
}

/** A process that only prints its help takes a quarter of a second, and several seconds on a busy machine. */
const deadlineMs = 60_000;

const missingChromaprint =
  "Cannot take fingerprints: this ffmpeg was built without chromaprint; use the distribution's (apt install ffmpeg)";

/** @throws {LeitmotifError} 'tool-missing' when ffmpeg is missing, or lacks the chromaprint muxer or its option; the reason of
 *    `caller` when that aborts */
export async function checkFfmpeg(limits: CapabilityLimits, caller: AbortSignal): Promise<void> {
  const done = new AbortController();
  const signal = AbortSignal.any([caller, done.signal, AbortSignal.timeout(deadlineMs)]);
  // The muxer's help lists its options or reports that it is unknown, and needs no input.
  const muxer = fingerprintOptions[1] ?? '';
  const job = { inputs: [], filterGraph: null, outputs: [{ target: 'stdout', options: ['-h', `muxer=${muxer}`] }] };
  const run = startFfmpeg(job, { ...limits, cpuMaxSec: deadlineMs / 1000, signal });
  try {
    let text = '';
    for await (const part of run.stdout) text += String(part);
    const exit = await run.exited;
    caller.throwIfAborted();
    if (!exit.ok && text === '') throw failureOf(exit);
    if (!text.includes('fp_format'))
      throw new LeitmotifError('tool-missing', missingChromaprint, { cause: exit.stderr });
  } finally {
    done.abort();
  }
}
