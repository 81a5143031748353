/** Reads an answer's body in large blocks, however small its chunks are.
 *
 *  Each chunk costs a call of Node's parser, and each block a hash, a write and a turn of the event loop: a server that sends
 *  one byte a chunk at full speed blocked the bot for a fifth of a second at a time.
 */
import type { IncomingMessage } from 'node:http';

/** Number of chunks before their size is checked. */
const piecesMin = 1_000;
/** Smallest mean size; a server that streams while encoding sends frames of some hundred bytes. */
const pieceBytesMin = 64;
/** Buffer for a slow disk; beyond it the connection waits. */
const heldBytesMax = 1024 * 1024;

export class SmallChunksError extends Error {
  override readonly name = 'SmallChunksError';
}

/** @throws {SmallChunksError} when the chunks stay tiny; the errors of the stream */
export async function* blocksOfBody(body: IncomingMessage): AsyncGenerator<Buffer> {
  let held: Buffer[] = [];
  let heldBytes = 0;
  let [pieces, bytes] = [0, 0];
  let failure: Error | null = null;
  let isOver = false;
  let wake = (): void => {};
  const end = (error: Error | null): void => {
    failure ??= error;
    isOver = true;
    wake();
  };
  // The stream may have failed before the first read.
  if (body.destroyed) throw body.errored ?? new Error('The connection was closed');
  body.on('data', (piece: Buffer) => {
    // Thousands of chunks that the parser has already read still arrive.
    if (isOver) return;
    pieces++;
    bytes += piece.length;
    held.push(piece);
    heldBytes += piece.length;
    if (pieces >= piecesMin && bytes < pieces * pieceBytesMin) {
      end(new SmallChunksError(`Its ${pieces} pieces have ${bytes} bytes`));
      body.destroy();
    } else if (heldBytes > heldBytesMax) body.pause();
    wake();
  });
  body.on('end', () => end(null));
  body.on('error', end);
  body.on('close', () => end(body.complete ? null : new Error('The connection was closed')));
  try {
    for (;;) {
      if (failure !== null) throw failure;
      if (held.length > 0) {
        const block = held.length === 1 ? (held[0] as Buffer) : Buffer.concat(held, heldBytes);
        held = [];
        heldBytes = 0;
        yield block;
        body.resume();
      } else if (isOver) return;
      else {
        const resumed = Promise.withResolvers<void>();
        wake = resumed.resolve;
        await resumed.promise;
      }
    }
  } finally {
    body.destroy();
  }
}
