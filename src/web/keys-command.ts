/** `npm run web -- keys add|list|revoke` */
import Table from 'cli-table3';
import { LeitmotifError } from '../errors.ts';
import { msPerDay, oneLine } from '../format.ts';
import { makePrivateFolder } from '../io/private-files.ts';
import type { Scope } from './keys.ts';
import { apiKeysOf } from './start.ts';

/** Prints the key alone on stdout, so that a script can store it. */
export async function addKey(
  indexDir: string,
  name: string,
  { scope, days }: { readonly scope: Scope; readonly days?: string },
): Promise<number> {
  const kept = days === undefined ? null : Number(days);
  if (kept !== null && !(kept > 0 && kept <= 36_500))
    throw new LeitmotifError('bad-request', `Cannot add a key: expected --days from 1 to 36500, got "${days}"`);
  await makePrivateFolder(indexDir);
  const expiresAtMs = kept === null ? null : Date.now() + kept * msPerDay;
  const token = await apiKeysOf(indexDir).add(name.trim(), scope, expiresAtMs, Date.now());
  process.stderr.write(`The key "${oneLine(name)}" (${scope}). Store it now: it is not shown again.\n`);
  process.stdout.write(`${token}\n`);
  return 0;
}

export async function listKeys(indexDir: string): Promise<number> {
  const keys = apiKeysOf(indexDir).list();
  const table = new Table({ head: ['id', 'name', 'scope', 'made', 'expires'], style: { head: [], border: [] } });
  for (const { id, name, scope, createdAtMs, expiresAtMs } of keys) {
    const expires = expiresAtMs === null ? 'never' : new Date(expiresAtMs).toISOString();
    table.push([id, oneLine(name), scope, new Date(createdAtMs).toISOString(), expires]);
  }
  process.stdout.write(keys.length === 0 ? 'No keys.\n' : `${table.toString()}\n`);
  return 0;
}

export async function revokeKey(indexDir: string, name: string): Promise<number> {
  const { name: revoked, id } = await apiKeysOf(indexDir).revoke(name);
  process.stdout.write(`Revoked "${oneLine(revoked)}" (${id}).\n`);
  return 0;
}
