/** Turns the exit of ffmpeg into an error with one sentence for the user. ffmpeg's own text is in `cause`. Pure. */
import { type ErrorCode, LeitmotifError } from '../errors.ts';
import type { StreamClaims } from './claims.ts';
import type { FfmpegExit } from './ffmpeg.ts';

/** Searched in error lines only; the first match wins. The phrases are those of libavformat and libavutil in ffmpeg 5.1 to 9.0.
 *  No code here blames this machine, because a file could provoke it: ffmpeg's capabilities are checked once at the start
 *  (capabilities.ts), and decoding writes only to pipes. */
const meanings: readonly (readonly [pattern: RegExp, code: ErrorCode, message: string])[] = [
  [
    /(Format|Protocol) .*not on whitelist/,
    'audio-refused',
    'This kind of file is not accepted: send the recording itself, not a playlist or a list of other files',
  ],
  [
    /Cannot allocate memory|failed to map segment|Failed to allocate/i,
    'audio-too-large',
    'This file needs more memory than one file may take',
  ],
  // The second phrase is that of 7.0 and later, with two spaces.
  [/matches no streams|does not match +any streams/, 'audio-no-sound', 'There is no sound in this file'],
  [/: Permission denied$/, 'file-unreadable', 'Cannot read the file: no permission'],
  [/does not contain any stream/, 'audio-no-sound', 'There is no sound in this file'],
  // Last, because the picture of a video, which is not decoded, is reported in the same words.
  [/Codec .*not on whitelist/, 'audio-refused', 'The sound of this file is encoded in a way that is not accepted'],
];

/** Exit code of the shell when the program does not exist (POSIX sh, "exec"). */
const commandNotFound = 127;

/** The texts of strerror for ENOSPC, EDQUOT and EFBIG. */
const fullDisk = /: (No space left on device|Disk quota exceeded|File too large)$/;

/** Whether the disk was full. ffmpeg may still exit with success: it writes its last buffers while closing. */
export function isDiskFull({ errors }: FfmpegExit): boolean {
  return errors.some((line) => fullDisk.test(line));
}

/** @param claims the file's metadata, if known */
export function failureOf(exit: FfmpegExit, claims?: StreamClaims): LeitmotifError {
  const options = { cause: new Error(exit.stderr) };
  if (exit.exitCode === commandNotFound && !/shared libraries/.test(exit.stderr)) {
    return new LeitmotifError(
      'tool-missing',
      'Cannot read audio: ffmpeg is not installed (apt install ffmpeg)',
      options,
    );
  }
  // The dynamic loader prints before ffmpeg does, without a level.
  const said = exit.exitCode === commandNotFound ? [exit.stderr] : exit.errors;
  for (const [pattern, code, message] of meanings) {
    const line = said.find((each) => pattern.test(each));
    if (line !== undefined) return new LeitmotifError(code, message + details(code, line, claims), options);
  }
  // Probably not the file's fault: the kernel was out of memory, or the process was killed.
  if (exit.exitCode === null) {
    return new LeitmotifError('decode-failed', 'Decoding was broken off: ffmpeg was ended by the system', options);
  }
  return new LeitmotifError(
    'audio-unreadable',
    `This file is not audio that can be read: it is damaged, or no recording at all${streamOf(claims)}`,
    options,
  );
}

/** Names the refused container and codec as ffmpeg does, so that users can look them up, and the stream if there are several. */
function details(code: ErrorCode, line: string, claims: StreamClaims | undefined): string {
  if (code !== 'audio-refused') return streamOf(claims);
  // Nothing else is known about a refused container.
  const format = /^\[([\w,]{1,60}) @ 0x[0-9a-f]+\] Format/.exec(line)?.[1];
  if (format !== undefined) return ` (container ${format})`;
  const refused = /Codec \((\w{1,30})\)/.exec(line)?.[1] ?? 'unknown';
  const codec = claims === undefined || claims.codec === 'unknown' ? refused : claims.codec;
  return ` (container ${claims?.container ?? 'unknown'}, codec ${codec})${streamOf(claims)}`;
}

function streamOf(claims: StreamClaims | undefined): string {
  if (claims === undefined || claims.audioStreams < 2) return '';
  return ` (audio stream ${claims.audioStream + 1} of ${claims.audioStreams})`;
}
