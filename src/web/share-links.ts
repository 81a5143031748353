/** Addresses under which anybody can see one answer: made for its owner on request, and unguessable.
 *
 *  An address holds the answer's id and a code that only this server can make (HMAC-SHA-256), so nothing has to be stored, and an
 *  answer without such an address stays private. It works as long as the answer is stored.
 */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { LeitmotifError } from '../errors.ts';

const secretBytes = 32;
const tokenPattern = /^([a-z0-9]{1,40})-([\w-]{43})$/;

export class ShareLinks {
  readonly #file: string;
  #secret: Buffer | null = null;

  /** @param indexDir exists when the first address is made */
  constructor(indexDir: string) {
    this.#file = path.join(indexDir, 'web-links.secret');
  }

  tokenOf(answerId: string): string {
    return `${answerId}-${this.#codeOf(answerId)}`;
  }

  /** @returns the answer's id
   *  @throws {LeitmotifError} 'not-found' for a token that this server did not make */
  answerIdOf(token: string): string {
    const [, answerId, code] = tokenPattern.exec(token) ?? [];
    if (answerId !== undefined && code !== undefined) {
      const [given, own] = [Buffer.from(code), Buffer.from(this.#codeOf(answerId))];
      if (given.length === own.length && timingSafeEqual(given, own)) return answerId;
    }
    throw new LeitmotifError('not-found', 'Cannot find a shared answer under this address');
  }

  #codeOf(answerId: string): string {
    this.#secret ??= this.#readOrMake();
    return createHmac('sha256', this.#secret).update(answerId).digest('base64url');
  }

  /** Of two processes that make it at once, the first one's is used by both. */
  #readOrMake(): Buffer {
    try {
      const made = randomBytes(secretBytes).toString('base64url');
      writeFileSync(this.#file, made, { flag: 'wx', mode: 0o600 });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const secret = Buffer.from(readFileSync(this.#file, 'utf8'), 'base64url');
    if (secret.length === secretBytes) return secret;
    throw new LeitmotifError(
      'config-invalid',
      `Cannot read the secret in ${this.#file}: delete the file to make a new one`,
    );
  }
}
