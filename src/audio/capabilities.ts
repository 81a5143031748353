/** Whether the ffmpeg of this machine has what decoding needs: looked at once, when a worker starts, and not from how a
 *  file failed, which a file could imitate. */
import { LeitmotifError } from '../errors.ts';
import { failureOf } from './failure.ts';
import { startFfmpeg } from './ffmpeg.ts';
import { fingerprintOptions } from './fingerprint.ts';

/** Address space, as a recording gets it: too little of it would be every recording's failure. */
export interface CapabilityLimits {
  readonly memoryMaxBytes: number;
}

/** A process that only prints takes a quarter of a second; on a busy machine some seconds. */
const deadlineMs = 60_000;

const missingChromaprint =
  "Cannot take fingerprints: this ffmpeg was built without chromaprint; use the distribution's (apt install ffmpeg)";

/** @throws {LeitmotifError} 'tool-missing' when there is no ffmpeg, or one without the fingerprint's muxer or its option;
 *    'cancelled' by the signal */
export async function checkFfmpeg(limits: CapabilityLimits, caller: AbortSignal): Promise<void> {
  const done = new AbortController();
  const signal = AbortSignal.any([caller, done.signal, AbortSignal.timeout(deadlineMs)]);
  // Its help says which options the muxer has, or that there is no such muxer, and needs neither an input nor an output.
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
