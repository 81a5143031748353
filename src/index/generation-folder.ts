/** Where generations are stored, and which of them answers.
 *
 *    <indexDir>/generations/<space>/CURRENT          the ids kept, the current one first, one per line
 *    <indexDir>/generations/<space>/<id>/            a complete generation; never changed
 *    <indexDir>/generations/<space>/<random>.partial a generation being written, or left by a writer that died
 *
 *  CURRENT is replaced by rename, so it always exists and is complete. Only one process writes at a time: callers of
 *  the functions that write must hold the index's lock.
 */
import { createHash } from 'node:crypto';
import { readdir, readFile, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { LeitmotifError } from '../errors.ts';
import { corruptIndexFile } from '../io/corrupt-index.ts';
import { withDiskFullError } from '../io/disk-full.ts';
import { replaceFile } from '../io/durable-file.ts';
import { manifestName, readManifest } from './manifest.ts';

const currentName = 'CURRENT';
const partialSuffix = '.partial';
const idPattern = /^[\w-]+$/;

export function generationsFolder(indexDir: string): string {
  return path.join(indexDir, 'generations');
}

/** A space id may contain any character; its folder name is readable, safe and unique. */
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

/** The ids in CURRENT: the current generation, then those kept for roll-back. Empty if there is no CURRENT.
 *  @throws {LeitmotifError} `index-corrupt` if CURRENT contains anything else */
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

/** Makes `ids[0]` the current generation. */
export async function writeCurrent(folder: string, ids: readonly string[]): Promise<void> {
  await replaceFile(path.join(folder, currentName), ids.map((id) => `${id}\n`).join(''));
}

/** Deletes CURRENT: the space has no current generation afterwards. */
export async function removeCurrent(folder: string): Promise<void> {
  await rm(path.join(folder, currentName), { force: true });
}

/** Swaps the current generation and the previous one, so rolling back twice changes nothing.
 *  @returns the id of the generation that is current now
 *  @throws {LeitmotifError} `index-empty` if there is no previous generation; `index-corrupt` if it is damaged */
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

/** Removes the `.partial` folders of writers that died.
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
  for (const id of ids)
    await withDiskFullError(folder, () => rm(path.join(folder, id), { recursive: true, force: true }));
  return ids;
}

/** The space ids that have an index here. Spaces whose manifest cannot be read are skipped. */
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
