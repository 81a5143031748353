/** The serving end of a stream of lines (SocketClient.stream): an answer that lasts until the other program closes the connection. */
import type { FastifyReply } from 'fastify';
import { LeitmotifError, toLeitmotifError } from '../errors.ts';
import { toLinkError } from './link-error.ts';

export interface LineResponse {
  /** Aborts when the other program has closed the connection, or has ended. */
  readonly closed: AbortSignal;
  /** Sends a line; nothing after the connection was closed. */
  tell(line: object): void;
  /** Sends a failure as the last line. */
  fail(error: unknown): void;
  /** Resolves when the connection is closed. */
  untilClosed(): Promise<void>;
}

export function startLines(reply: FastifyReply): LineResponse {
  reply.hijack();
  const response = reply.raw;
  const closing = new AbortController();
  const closed = new Promise<void>((resolve) => response.once('close', () => resolve()));
  response.once('close', () =>
    closing.abort(new LeitmotifError('cancelled', 'The other program closed the connection')),
  );
  // A connection that breaks is a closed one.
  reply.request.raw.on('error', () => {});
  response.on('error', () => {});
  response.writeHead(200, { 'content-type': 'application/x-ndjson' });
  return {
    closed: closing.signal,
    tell: (line) => void (response.writable && response.write(`${JSON.stringify(line)}\n`)),
    fail: (error) => void response.end(`${JSON.stringify(toLinkError(toLeitmotifError(error)))}\n`),
    untilClosed: () => closed,
  };
}
