/** From how ffmpeg ended to a sentence for whoever can act. Its own words stay in `cause`. Pure. */
import { type ErrorCode, LeitmotifError } from '../errors.ts';
import type { StreamClaims } from './claims.ts';
import type { FfmpegExit } from './ffmpeg.ts';

/** First match wins, of error lines only. The phrases are libavformat's and libavutil's own, as of ffmpeg 5.1 to 9.0.
 *  No code here says that something is wrong with this machine: a file could bring it about. Whether ffmpeg has what
 *  it needs is looked at once, at the start (capabilities.ts), and decoding writes to pipes only. */
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
  // The second from 7.0 on, with two blanks.
  [/matches no streams|does not match +any streams/, 'audio-no-sound', 'There is no sound in this file'],
  [/: Permission denied$/, 'file-unreadable', 'Cannot read the file: no permission'],
  [/does not contain any stream/, 'audio-no-sound', 'There is no sound in this file'],
  // Last, because a film's picture, which nobody asked for, is reported in the same words.
  [/Codec .*not on whitelist/, 'audio-refused', 'The sound of this file is encoded in a way that is not accepted'],
];

/** The shell's answer when there is no such program (POSIX sh, "exec"). */
const commandNotFound = 127;

/** As libavutil's strerror has them: no space, over the quota, over the limit of a file's size. */
const fullDisk = /: (No space left on device|Disk quota exceeded|File too large)$/;

/** Whether what was written does not fit. ffmpeg ends well where only the last of an output did not: what is left in its
 *  buffers is written when it closes. */
export function isDiskFull({ errors }: FfmpegExit): boolean {
  return errors.some((line) => fullDisk.test(line));
}

/** @param claims what the file said of itself, where that is known */
export function failureOf(exit: FfmpegExit, claims?: StreamClaims): LeitmotifError {
  const options = { cause: new Error(exit.stderr) };
  if (exit.exitCode === commandNotFound && !/shared libraries/.test(exit.stderr)) {
    return new LeitmotifError(
      'tool-missing',
      'Cannot read audio: ffmpeg is not installed (apt install ffmpeg)',
      options,
    );
  }
  // The loader speaks before ffmpeg does, and without a level.
  const said = exit.exitCode === commandNotFound ? [exit.stderr] : exit.errors;
  for (const [pattern, code, message] of meanings) {
    const line = said.find((each) => pattern.test(each));
    if (line !== undefined) return new LeitmotifError(code, message + details(code, line, claims), options);
  }
  // Not the file's fault, as far as anybody knows: the kernel was out of memory, or somebody stopped the wrong process.
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
  // Of a container that is refused nothing else is known.
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
