/** Passes an untrusted file to ffmpeg: checked first, then opened by name only, with only the containers and decoders of
 *  music enabled (audio-formats.ts).
 */
import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { audioDecoders, audioDemuxers } from '../audio-formats.ts';
import { LeitmotifError } from '../errors.ts';
import { leanProtocols, leanUrlOf } from './lean-input.ts';
import type { AudioLimits } from './limits.ts';

/** One decoding thread: audio decoders use no more, and each thread maps memory. */
const formatOptions = [
  ...['-format_whitelist', audioDemuxers.join(','), '-codec_whitelist', audioDecoders.join(',')],
  ...['-threads', '1', '-vn', '-sn', '-dn'],
];

/** Options before `-i` of a file. */
export const guardedInputOptions: readonly string[] = ['-protocol_whitelist', 'file', ...formatOptions];

/** Input of ffmpeg: a file, or a remote recording of the library that this process serves over loopback. */
export interface AudioInput {
  /** A path, or an address of the loopback interface. */
  readonly path: string;
  readonly overLoopback?: boolean;
  /** Every second has the same number of bytes, so ffmpeg can compute a position instead of reading up to it. */
  readonly hasConstantRate?: boolean;
}

/** An input in a form that opens quickly; valid until it is disposed of. */
export interface OpenableInput extends AudioInput, AsyncDisposable {
  /** Address for ffmpeg without the oversized tags. @see lean-input.ts */
  readonly leanUrl?: string;
}

export async function openable(input: AudioInput): Promise<OpenableInput> {
  const lean = input.overLoopback ? null : await leanUrlOf(input.path);
  if (lean === null) return { ...input, [Symbol.asyncDispose]: async () => {} };
  return { ...input, leanUrl: lean.url, [Symbol.asyncDispose]: () => lean[Symbol.asyncDispose]() };
}

/** The plain fields of an input, which may be sent to another thread. */
export function plainInput({ path, overLoopback = false, hasConstantRate = false }: AudioInput): Required<AudioInput> {
  return { path, overLoopback, hasConstantRate };
}

/** Addresses of src/library/range-server.ts. */
const loopbackAddress = /^http:\/\/127\.0\.0\.1:\d{1,5}\/[0-9a-f-]{36}$/;
/** Microseconds. */
const loopbackTimeout = '60000000';

/** Address and options for one input of a job. Only recordings of the library are read over loopback, never a user's file. The
 *  whitelist applies to one input, so in the same job a user's file may use only `file`.
 *  @throws {RangeError} on an address that is not a loopback one */
export function inputOf(input: AudioInput & { readonly leanUrl?: string }): {
  readonly url: string;
  readonly options: readonly string[];
} {
  const seek = input.hasConstantRate ? ['-fflags', '+fastseek'] : [];
  if (input.leanUrl !== undefined) {
    return { url: input.leanUrl, options: ['-protocol_whitelist', leanProtocols, ...formatOptions, ...seek] };
  }
  if (!input.overLoopback) return { url: ffmpegFileUrl(input.path), options: [...guardedInputOptions, ...seek] };
  if (!loopbackAddress.test(input.path)) throw new RangeError(`Cannot read ${input.path}: expected a loopback address`);
  const protocols = ['-protocol_whitelist', 'http,tcp', '-rw_timeout', loopbackTimeout, '-seekable', '1'];
  // The range server answers in parts.
  const parts = ['-reconnect', '1', '-reconnect_delay_max', '1'];
  return { url: input.path, options: [...protocols, ...parts, ...formatOptions, ...seek] };
}

/** With the prefix, ffmpeg treats a name that starts with a dash or looks like an address as a name. */
export function ffmpegFileUrl(path: string): string {
  return `file:${path}`;
}

/** @throws {LeitmotifError} file-unreadable, audio-empty, audio-too-large */
export async function checkInput({ path, overLoopback = false }: AudioInput, limits: AudioLimits): Promise<void> {
  // The range server has checked the file, and ffmpeg reads only parts of it.
  if (!overLoopback) await checkFile(path, limits);
}

/** @returns its bytes
 *  @throws {LeitmotifError} as {@link checkInput} */
export async function checkFile(path: string, limits: AudioLimits): Promise<number> {
  const found = await lookAt(path);
  // Reading a pipe or device could block for ever.
  if (!found.isFile())
    throw new LeitmotifError('file-unreadable', 'Cannot read it: expected a file, got something else');
  if (found.size === 0) throw new LeitmotifError('audio-empty', 'This file is empty: it has 0 bytes');
  if (found.size > limits.bytesMax) {
    throw new LeitmotifError(
      'audio-too-large',
      `This file is too large: ${megabytes(found.size)} MB, at most ${megabytes(limits.bytesMax)} MB are accepted`,
    );
  }
  return found.size;
}

async function lookAt(path: string) {
  if (path.includes('\0'))
    throw new LeitmotifError('file-unreadable', 'Cannot read the file: its name holds a zero byte');
  try {
    await access(path, constants.R_OK);
    return await stat(path);
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    const message = missing ? 'Cannot read the file: it does not exist' : 'Cannot read the file: no permission';
    throw new LeitmotifError('file-unreadable', message, { cause: error });
  }
}

function megabytes(bytes: number): string {
  return (bytes / 1_000_000).toFixed(bytes < 10_000_000 ? 1 : 0);
}
