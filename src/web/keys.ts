/** API keys: stored as hashes in INDEX_DIR, shown once when they are made.
 *
 *  A key has 256 random bits, so SHA-256 without salt is enough: nobody can guess a key to compare its hash.
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { z } from 'zod';
import { LeitmotifError } from '../errors.ts';
import { replaceFile } from '../io/durable-file.ts';
import { makePrivateSync } from '../io/private-files.ts';
import { ProcessLock } from '../io/process-lock.ts';

export const scopes = ['query', 'admin'] as const;
export type Scope = (typeof scopes)[number];

const keySchema = z.object({
  id: z.string(),
  name: z.string(),
  scope: z.enum(scopes),
  /** Of the token, lower-case hex. */
  sha256: z.string().length(64),
  createdAtMs: z.number(),
  /** null: never. */
  expiresAtMs: z.number().nullable(),
});
const fileSchema = z.object({ version: z.literal(1), keys: z.array(keySchema) });
export type ApiKey = z.infer<typeof keySchema>;

const nameMax = 60;
const keysMax = 1_000;
const tokenPrefix = 'lm_';

export class ApiKeys {
  readonly #path: string;
  #read: { readonly stamp: string; readonly keys: readonly ApiKey[] } = { stamp: '', keys: [] };

  constructor(path: string) {
    this.#path = path;
  }

  /** Reads the file again when it has changed, so that a revoked key ends at once.
   *  @throws {LeitmotifError} 'config-invalid' for a damaged file: nobody is let in by accident */
  list(): readonly ApiKey[] {
    const stat = statSync(this.#path, { throwIfNoEntry: false });
    const stamp = stat === undefined ? '' : `${stat.mtimeMs} ${stat.ino} ${stat.size}`;
    if (stamp !== this.#read.stamp) this.#read = { stamp, keys: stamp === '' ? [] : this.#parse() };
    return this.#read.keys;
  }

  /** @returns the key of a token; null for an unknown or expired one */
  find(token: string, nowMs: number): ApiKey | null {
    const hash = Buffer.from(hashOf(token), 'hex');
    const found = this.list().find(({ sha256 }) => timingSafeEqual(Buffer.from(sha256, 'hex'), hash));
    return found && (found.expiresAtMs === null || found.expiresAtMs > nowMs) ? found : null;
  }

  /** @returns the token, which is not stored */
  async add(name: string, scope: Scope, expiresAtMs: number | null, nowMs: number): Promise<string> {
    if (name === '' || name.length > nameMax) {
      throw new LeitmotifError('bad-request', `Cannot add a key: expected a name of 1 to ${nameMax} characters`);
    }
    const token = `${tokenPrefix}${randomBytes(32).toString('base64url')}`;
    const id = randomBytes(4).toString('hex');
    await this.#change((keys) => {
      if (keys.some((key) => key.name === name)) {
        throw new LeitmotifError('bad-request', `Cannot add the key "${name}": a key of this name exists`);
      }
      if (keys.length >= keysMax) throw new LeitmotifError('bad-request', `Cannot add a key: there are ${keysMax}`);
      return [...keys, { id, name, scope, sha256: hashOf(token), createdAtMs: nowMs, expiresAtMs }];
    });
    return token;
  }

  /** @param name or id
   *  @throws {LeitmotifError} 'not-found' */
  async revoke(name: string): Promise<ApiKey> {
    let revoked: ApiKey | undefined;
    await this.#change((keys) => {
      revoked = keys.find((key) => key.name === name || key.id === name);
      return keys.filter((key) => key !== revoked);
    });
    if (revoked) return revoked;
    throw new LeitmotifError('not-found', `Cannot revoke "${name}": no key has this name or id`);
  }

  async #change(change: (keys: readonly ApiKey[]) => readonly ApiKey[]): Promise<void> {
    using _lock = this.#lock();
    const before = this.list();
    const keys = change(before);
    if (keys.length === before.length) return;
    await replaceFile(this.#path, `${JSON.stringify({ version: 1, keys }, null, 2)}\n`);
    makePrivateSync(this.#path);
  }

  #lock(): Disposable {
    const lock = ProcessLock.take(`${this.#path}.lock`);
    if (lock) return lock;
    throw new LeitmotifError('bad-request', 'Cannot change the keys: another process is changing them; try again');
  }

  #parse(): readonly ApiKey[] {
    try {
      return fileSchema.parse(JSON.parse(readFileSync(this.#path, 'utf8'))).keys;
    } catch (cause) {
      throw new LeitmotifError('config-invalid', `Cannot read the API keys in ${this.#path}`, { cause });
    }
  }
}

function hashOf(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}
