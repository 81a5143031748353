/** Walks a folder in key order and classifies each entry. Opens only files without an extension, to read their first
 *  bytes. */
import type { Dirent, Stats } from 'node:fs';
import { lstat, readdir, realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { LeitmotifError } from '../errors.ts';
import { startsLikeAudio } from './audio-head.ts';
import { extensionOf, hasAudioName, isHidden } from './audio-names.ts';
import { fileProblem } from './file-problem.ts';
import type { Listed, ListedFile, ListedProblem, ListOptions } from './library.ts';

/** Concurrent lstat calls. The thread pool has four threads, so more than a few dozen gain nothing. */
const statConcurrency = 64;
/** Limit on the recursion, deeper than any folder made by hand. */
const depthMax = 64;

interface Place {
  /** Real path of the folder. */
  readonly folder: string;
  /** Key of the folder with its closing slash; empty for the root. */
  readonly prefix: string;
  readonly root: string;
  readonly depth: number;
  readonly onSkipped: (name: string) => void;
}

/** @param root a real path, without links in it */
export function walk(root: string, options: ListOptions = {}): AsyncGenerator<Listed, void, undefined> {
  const { signal, onSkipped = () => {} } = options;
  return walkFolder({ folder: root, prefix: '', root, depth: 0, onSkipped }, signal);
}

async function* walkFolder(place: Place, signal?: AbortSignal): AsyncGenerator<Listed, void, undefined> {
  signal?.throwIfAborted();
  const entries = await readSorted(place);
  if (!Array.isArray(entries)) {
    yield entries;
    return;
  }
  for (let at = 0; at < entries.length; at += statConcurrency) {
    signal?.throwIfAborted();
    const listed = await Promise.all(entries.slice(at, at + statConcurrency).map((entry) => lookAt(entry, place)));
    for (const found of listed) {
      if (found === null) continue;
      if ('folder' in found) yield* walkFolder(found, signal);
      else yield found;
    }
  }
}

/** The names in the order that their keys have: a folder sorts as its name with a slash, and UTF-8 bytes sort as code
 *  points do. */
async function readSorted(place: Place): Promise<Dirent<Buffer>[] | ListedProblem> {
  if (place.depth > depthMax) return problem(place.prefix, `Cannot list it: it is more than ${depthMax} folders deep`);
  try {
    const entries = await readdir(place.folder, { withFileTypes: true, encoding: 'buffer' });
    const keyed = entries.map((entry) => ({ entry, sortKey: sortKeyOf(entry) }));
    keyed.sort((a, b) => Buffer.compare(a.sortKey, b.sortKey));
    return keyed.map(({ entry }) => entry);
  } catch (cause) {
    if (place.prefix === '') {
      throw new LeitmotifError('file-unreadable', `Cannot list ${place.folder}: ${textOf(cause)}`, { cause });
    }
    // The folder was deleted during the walk, with its content.
    if (codeOf(cause) === 'ENOENT') return [];
    return problem(place.prefix, `Cannot list it: ${textOf(cause)}`);
  }
}

function sortKeyOf(entry: Dirent<Buffer>): Buffer {
  return entry.isDirectory() ? Buffer.concat([entry.name, slash]) : entry.name;
}

async function lookAt(entry: Dirent<Buffer>, place: Place): Promise<ListedFile | ListedProblem | Place | null> {
  const name = entry.name.toString('utf8');
  if (isHidden(name)) return null;
  const key = place.prefix + name;
  const full = path.join(place.folder, name);
  const isFolder = entry.isDirectory();
  if (!isFolder && !entry.isSymbolicLink() && !(await isTaken(entry, name, full))) {
    if (entry.isFile()) place.onSkipped(name);
    return null;
  }
  if (!Buffer.from(name, 'utf8').equals(entry.name)) {
    return problem(place.prefix + escaped(entry.name) + (isFolder ? '/' : ''), 'Cannot read it: its name is not UTF-8');
  }
  if (isFolder)
    return { folder: full, prefix: `${key}/`, root: place.root, depth: place.depth + 1, onSkipped: place.onSkipped };
  try {
    return entry.isSymbolicLink() ? await followLink(full, key, place.root) : toListed(key, await lstat(full));
  } catch (cause) {
    // Skips a file that was deleted after the listing; a dangling link is reported.
    if (codeOf(cause) === 'ENOENT' && !entry.isSymbolicLink()) return null;
    return hasAudioName(name) ? problem(key, `Cannot look at it: ${textOf(cause)}`) : null;
  }
}

async function isTaken(entry: Dirent<Buffer>, name: string, full: string): Promise<boolean> {
  if (hasAudioName(name)) return true;
  return extensionOf(name) === null && entry.isFile() && (await startsLikeAudio(full));
}

async function followLink(full: string, key: string, root: string): Promise<ListedFile | ListedProblem | null> {
  const target = await realpath(full);
  const inside = target.startsWith(root === path.sep ? root : root + path.sep);
  const found = await stat(target);
  if (found.isDirectory()) {
    return inside || target === root ? null : problem(`${key}/`, `Cannot follow the link: it leads out of the library`);
  }
  if (!hasAudioName(path.basename(key))) return null;
  return inside ? toListed(key, found) : problem(key, 'Cannot follow the link: it leads out of the library');
}

function toListed(key: string, found: Stats): ListedFile | ListedProblem {
  if (!found.isFile()) return problem(key, 'Cannot read it: expected a file, got a pipe, a socket or a device');
  return { type: 'file', key, sizeBytes: found.size, mtimeMs: found.mtimeMs, etag: null };
}

function problem(key: string, message: string): ListedProblem {
  return { type: 'problem', key, code: 'file-unreadable', message };
}

/** Escapes bytes outside printable ASCII as `\xHH`, so that the name can be shown and found. */
function escaped(name: Buffer): string {
  let text = '';
  for (const byte of name)
    text += byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, '0')}`;
  return text;
}

function codeOf(error: unknown): unknown {
  return (error as { code?: unknown }).code;
}

function textOf(error: unknown): string {
  return fileProblem(error, { ENOENT: 'the link leads nowhere' });
}

const slash = Buffer.from('/');
