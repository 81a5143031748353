/** The recording of a request as a file. A body is streamed into a temporary file, because ffmpeg must be able to seek in it (an
 *  mp4 has its index at the end), and a whole recording must not be in memory. */
import { open, symlink } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { isAbsolute } from 'node:path';
import { checkFile } from '../src/audio/input.ts';
import type { AudioLimits } from '../src/audio/limits.ts';
import { recordingPathHeader } from '../src/embedding/wire-format.ts';
import { LeitmotifError, toLeitmotifError } from '../src/errors.ts';
import { withDiskFullError } from '../src/io/disk-full.ts';

export interface RecordingOptions {
  readonly limits: AudioLimits;
  /** Whether the request may name a file of this machine in place of a body. */
  readonly acceptsPaths: boolean;
  readonly signal: AbortSignal;
}

/** @param file where the recording shall be: a link to the file that the request names, so that its name says nothing about its
 *    format, as with a body
 *  @returns the recording's bytes
 *  @throws {LeitmotifError} as {@link receiveBody}; bad-request for a path that is not accepted; file-unreadable */
export async function takeRecording(
  request: IncomingMessage,
  file: string,
  { limits, acceptsPaths, signal }: RecordingOptions,
): Promise<number> {
  const named = request.headers[recordingPathHeader];
  if (named === undefined) return receiveBody(request, file, { bytesMax: limits.bytesMax, signal });
  if (!acceptsPaths) throw new LeitmotifError('bad-request', 'Cannot embed a path: send the recording itself');
  const recording = absolutePathOf(named);
  await withDiskFullError(file, () => symlink(recording, file));
  // Decoding checks it, too. Here it is refused before it waits for its turn.
  return checkFile(file, limits);
}

function absolutePathOf(header: string | readonly string[]): string {
  try {
    const path = decodeURIComponent(String(header));
    if (isAbsolute(path) && !path.includes('\0')) return path;
  } catch {
    // It is not percent-encoded text.
  }
  throw new LeitmotifError('bad-request', 'Cannot embed it: expected an absolute path, percent-encoded');
}

/** @returns the bytes received
 *  @throws {LeitmotifError} audio-too-large as soon as that is known, audio-empty, cancelled when the client hangs up,
 *    disk-full
 *  @throws the signal's reason when that comes first. The rest of the body is left unread, and the connection open. */
export async function receiveBody(
  request: IncomingMessage,
  file: string,
  { bytesMax, signal }: { bytesMax: number; signal: AbortSignal },
): Promise<number> {
  if (Number(request.headers['content-length'] ?? 0) > bytesMax) throw tooLarge(bytesMax);
  const handle = await withDiskFullError(file, () => open(file, 'wx', 0o600));
  try {
    let bytes = 0;
    for await (const block of blocksOf(request, signal)) {
      bytes += block.length;
      if (bytes > bytesMax) throw tooLarge(bytesMax);
      await withDiskFullError(file, () => handle.appendFile(block));
    }
    if (bytes === 0) throw new LeitmotifError('audio-empty', 'Cannot embed an empty file');
    return bytes;
  } catch (error) {
    throw isDisconnect(error) ? disconnectedError(error) : toLeitmotifError(error);
  } finally {
    await handle.close();
  }
}

/** Iterates over the request until the signal aborts. Leaving early does not close the connection, because the error still has
 *  to be sent through it. */
async function* blocksOf(request: IncomingMessage, signal: AbortSignal): AsyncGenerator<Buffer> {
  signal.throwIfAborted();
  const aborted = Promise.withResolvers<never>();
  aborted.promise.catch(() => {});
  const onAbort = (): void => aborted.reject(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  const blocks = request.iterator({ destroyOnReturn: false });
  try {
    for (;;) {
      const next = await Promise.race([blocks.next(), aborted.promise]);
      if (next.done === true) return;
      yield next.value as Buffer;
    }
  } finally {
    signal.removeEventListener('abort', onAbort);
    // Not awaited: it would wait for a block that an aborted client may never send.
    blocks.return?.()?.catch(() => {});
  }
}

function isDisconnect(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return code === 'ECONNRESET' || code === 'ERR_STREAM_PREMATURE_CLOSE';
}

function disconnectedError(cause: unknown): LeitmotifError {
  return new LeitmotifError('cancelled', 'The client hung up while it was sending', { cause });
}

function tooLarge(bytesMax: number): LeitmotifError {
  return new LeitmotifError('audio-too-large', `Cannot embed a file of more than ${Math.floor(bytesMax / 1e6)} MB`);
}
