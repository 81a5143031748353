/** The bearer token. */
import { createHash, timingSafeEqual } from 'node:crypto';
import { LeitmotifError } from '../src/errors.ts';

/** @returns a check of an Authorization header, whose time tells nothing about the token
 *  @throws {LeitmotifError} unauthorized, from the check */
export function bearerCheck(token: string): (authorization: string | undefined) => void {
  const expected = sumOf(`Bearer ${token}`);
  return (authorization) => {
    if (!timingSafeEqual(sumOf(authorization ?? ''), expected)) {
      throw new LeitmotifError('unauthorized', 'Cannot let this request in: expected the bearer token of this worker');
    }
  };
}

/** Sums are of equal length, as timingSafeEqual wants its arguments, whatever was sent. */
function sumOf(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
