/** Where generations lie, and which of them answers.
 *
 *    <indexDir>/generations/<space>/CURRENT          the ids kept, newest choice first, one a line
 *    <indexDir>/generations/<space>/<id>/            a whole generation; never changed
 *    <indexDir>/generations/<space>/<random>.partial one that is being written, or was when the writer died
 *
 *  CURRENT is replaced by rename, so that there is always one. Only one process writes at a time: whoever calls
 *  anything here but the reading functions holds the index's lock.
 */
import { createHash } from 'node:crypto';
import { readdir, readFile, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { LeitmotifError } from '../errors.ts';
import { corruptIndexFile } from '../io/corrupt-index.ts';
import { orDiskFull } from '../io/disk-full.ts';
import { replaceFile } from '../io/durable-file.ts';
import { manifestName, readManifest } from './manifest.ts';

const currentName = 'CURRENT';
const partialSuffix = '.partial';
const idPattern = /^[\w-]+$/;

export function generationsFolder(indexDir: string): string {
  return path.join(indexDir, 'generations');
}

/** A space id may hold anything; its folder is readable and its own. */
export function spaceFolder(indexDir: string, spaceId: string): string {
  const readable = spaceId
    .replace(/[^A-Za-z0-9.]+/g, '-')
    .replace(/^[-.]+/, '')
    .slice(0, 48);
  const unique = createHash('sha256').update(spaceId).digest('hex').slice(0, 8);
  return path.join(generationsFolder(indexDir), `${readable}-${unique}`);
}

export function partialFolder(folder: string, name: string): string {
  return path.join(folder, `${name}${partialSuffix}`);
}

/** The ids that CURRENT names: the one that answers, then the ones kept for roll-back. Empty where there is no CURRENT.
 *  @throws {LeitmotifError} `index-corrupt` when CURRENT holds something else */
export async function readCurrent(folder: string): Promise<string[]> {
  const file = path.join(folder, currentName);
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if ((error as { code?: unknown }).code === 'ENOENT') return [];
    throw corruptIndexFile(file, 'the file cannot be read', error);
  }
  const ids = text.split('\n').slice(0, -1);
  if (ids.length === 0 || !text.endsWith('\n') || !ids.every((id) => idPattern.test(id))) {
    throw corruptIndexFile(file, 'it names no generation');
  }
  return ids;
}

/** Makes `ids[0]` the one that answers. */
export async function writeCurrent(folder: string, ids: readonly string[]): Promise<void> {
  await replaceFile(path.join(folder, currentName), ids.map((id) => `${id}\n`).join(''));
}

/** Names no generation any more. */
export async function removeCurrent(folder: string): Promise<void> {
  await rm(path.join(folder, currentName), { force: true });
}

/** Back to the generation before this one, which stays as the one before that: rolling back twice changes nothing.
 *  @returns the id that answers now
 *  @throws {LeitmotifError} `index-empty` when there is none to go back to; `index-corrupt` when it is damaged */
export async function rollBack(indexDir: string, spaceId: string): Promise<string> {
  const folder = spaceFolder(indexDir, spaceId);
  const [current, previous, ...older] = await readCurrent(folder);
  if (current === undefined || previous === undefined) {
    throw new LeitmotifError('index-empty', `Cannot roll back: ${folder} holds no earlier generation`);
  }
  await readManifest(path.join(folder, previous, manifestName));
  await writeCurrent(folder, [previous, current, ...older]);
  return previous;
}

/** Removes what writers that died left behind.
 *  @returns the names removed */
export async function sweepPartials(folder: string): Promise<string[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith(partialSuffix));
  await Promise.all(names.map((name) => rm(path.join(folder, name), { recursive: true, force: true })));
  return names;
}

/** Removes every generation that CURRENT does not name.
 *  @returns the ids removed */
export async function pruneGenerations(folder: string): Promise<string[]> {
  const kept = await readCurrent(folder);
  if (kept.length === 0) return [];
  const entries = await readdir(folder, { withFileTypes: true });
  const old = entries.filter((entry) => entry.isDirectory() && !entry.name.endsWith(partialSuffix));
  const ids = old.map(({ name }) => name).filter((name) => !kept.includes(name));
  for (const id of ids) await orDiskFull(folder, () => rm(path.join(folder, id), { recursive: true, force: true }));
  return ids;
}

/** The space ids that have an index here, those whose manifest cannot be read aside. */
export async function indexedSpaces(indexDir: string): Promise<string[]> {
  const root = generationsFolder(indexDir);
  const names = await readdir(root).catch(() => [] as string[]);
  const found = await Promise.all(names.map((name) => spaceOf(path.join(root, name))));
  return found.filter((spaceId) => spaceId !== null).sort();
}

async function spaceOf(folder: string): Promise<string | null> {
  try {
    const [id] = await readCurrent(folder);
    if (id === undefined) return null;
    return (await readManifest(path.join(folder, id, manifestName))).spaceId;
  } catch {
    return null;
  }
}

export async function exists(file: string): Promise<boolean> {
  return stat(file).then(
    () => true,
    () => false,
  );
}
