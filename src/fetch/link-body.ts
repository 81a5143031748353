/** An answer's body in large blocks, however small the pieces are that it comes in.
 *
 *  Each piece costs a call through Node's parser, and each block a hash, a write and a turn of the event loop: a server that
 *  sends a byte a piece, as fast as it can, took a fifth of a second at a time from everybody who waits for the bot.
 */
import type { IncomingMessage } from 'node:http';

/** So many pieces must have come before their size is judged. */
const piecesJudged = 1_000;
/** Their mean; a server that streams as it encodes sends frames of some hundred. */
const pieceBytesMin = 64;
/** Held for a slow disk; then the connection waits. */
const heldBytesMax = 1024 * 1024;

export class TinyPiecesError extends Error {
  override readonly name = 'TinyPiecesError';
}

/** @throws {TinyPiecesError} when the pieces stay tiny; what the stream throws */
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
  // It may have broken before anybody asked for it.
  if (body.destroyed) throw body.errored ?? new Error('The connection was closed');
  body.on('data', (piece: Buffer) => {
    // What the parser has read already still comes, by the thousand.
    if (isOver) return;
    pieces++;
    bytes += piece.length;
    held.push(piece);
    heldBytes += piece.length;
    if (pieces >= piecesJudged && bytes < pieces * pieceBytesMin) {
      end(new TinyPiecesError(`Its ${pieces} pieces have ${bytes} bytes`));
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
        const woken = Promise.withResolvers<void>();
        wake = woken.resolve;
        await woken.promise;
      }
    }
  } finally {
    body.destroy();
  }
}
