/** Answers requests that are no HTTP, or whose head is too large, before any route sees them. */
import type { Socket } from 'node:net';
import { HttpRefusal, newReference, problemOf } from './problems.ts';

/** A cursor of a long key, percent-encoded, with room. */
export const headBytesMax = 65_536;

const statusTexts = new Map([
  [400, 'Bad Request'],
  [408, 'Request Timeout'],
  [431, 'Request Header Fields Too Large'],
]);

export function refuseClient(error: Error & { readonly code?: string }, socket: Socket): void {
  // The client has gone, or an answer has begun.
  if (error.code === 'ECONNRESET' || !socket.writable || socket.bytesWritten > 0) {
    socket.destroy();
    return;
  }
  const status = error.code === 'HPE_HEADER_OVERFLOW' ? 431 : error.code === 'ERR_HTTP_REQUEST_TIMEOUT' ? 408 : 400;
  const text = statusTexts.get(status) ?? '';
  const refusal = new HttpRefusal(status, 'bad-request', `Cannot read the request: ${text.toLowerCase()}`);
  const body = JSON.stringify(problemOf(refusal, newReference()));
  const head = [
    `HTTP/1.1 ${status} ${text}`,
    'content-type: application/problem+json',
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}
