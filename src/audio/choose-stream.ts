/** Finds the audio stream for clips: the same that was decoded (claims.ts). Only files whose container may have several are
 *  opened for this, because a process costs a tenth of a second. */
import { open } from 'node:fs/promises';
import { ClaimsReader } from './claims.ts';
import { firstStream } from './decode-job.ts';
import { startFfmpeg } from './ffmpeg.ts';
import { inputOf, type OpenableInput } from './input.ts';
import type { AudioLimits } from './limits.ts';

/** @returns its number among the audio streams, from 0. Never throws: cutting reports any fault of the file. */
export async function audioStreamOf(input: OpenableInput, limits: AudioLimits, signal: AbortSignal): Promise<number> {
  // Remote recordings are not opened twice: each opening costs several requests. Their clips use the first stream.
  if (input.overLoopback || !(await mayHaveSeveral(input.path))) return firstStream.audioStream;
  const { url, options } = inputOf(input);
  const claims = new ClaimsReader();
  const describe = ['-nostdin', '-hide_banner', '-loglevel', 'level+repeat+info'];
  const run = startFfmpeg(
    {
      inputs: [{ url, options: [...describe, ...options] }],
      filterGraph: null,
      outputs: [{ target: 'stdout', options: ['-map', '0:a:0', '-c', 'copy', '-t', '0', '-f', 'null'] }],
    },
    {
      memoryMaxBytes: limits.memoryMaxBytes,
      cpuMaxSec: limits.deadlineMs / 1000,
      signal,
      onStderrLine: (line) => claims.read(line),
    },
  );
  run.stdout.resume();
  await run.exited;
  return claims.claims.audioStream;
}

/** Matroska, MP4 except the audio-only brands, AVI, ASF, MPEG transport and program streams. */
async function mayHaveSeveral(path: string): Promise<boolean> {
  const file = await open(path, 'r').catch(() => null);
  if (file === null) return false;
  try {
    const head = Buffer.alloc(12);
    await file.read(head, 0, head.length, 0);
    const text = head.toString('latin1');
    if (text.startsWith('ftyp', 4)) return !/^M4[AB] /.test(text.slice(8));
    const beginnings = ['\x1a\x45\xdf\xa3', '\x30\x26\xb2\x75', '\x00\x00\x01\xba', 'G'];
    return beginnings.some((beginning) => text.startsWith(beginning)) || text.startsWith('AVI ', 8);
  } catch {
    return false;
  } finally {
    await file.close();
  }
}
