/** Streams a request's body into a temporary file, because ffmpeg must be able to seek in it (an mp4 has its index at the end),
 *  and a whole recording must not be in memory. */
import { open } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { LeitmotifError, toLeitmotifError } from '../src/errors.ts';
import { withDiskFullError } from '../src/io/disk-full.ts';

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
