/** MusiCNN's package, in the cache folder: pip gets it from the index that this machine is set up for, on first use. */
import { execFile } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { musicnn } from '../../src/models/musicnn/entry.ts';

const run = promisify(execFile);
const cache = path.resolve(import.meta.dirname, '../../.cache/musicnn');
/** 29 MB. */
const downloadMaxMs = 180_000;

const origin = musicnn.network.data?.origin;
if (origin?.kind !== 'package') throw new TypeError('expected the weights of musicnn to be in a package');
const { project, archive } = origin;

export interface MusicnnPackage {
  readonly project: string;
  readonly name: string;
  /** Absolute path of the wheel. */
  readonly file: string;
}

/** @returns the package, or why there is none */
export async function musicnnPackage(): Promise<MusicnnPackage | string> {
  const found = { project, name: archive.file, file: path.join(cache, archive.file) };
  if (existsSync(found.file)) return found;
  mkdirSync(cache, { recursive: true });
  const aside = mkdtempSync(path.join(cache, 'download-'));
  const wanted = `${musicnn.repository}==${musicnn.revision}`;
  const pip = [
    '-m',
    'pip',
    'download',
    '-q',
    '--retries',
    '1',
    '--no-deps',
    '--only-binary',
    ':all:',
    '-d',
    aside,
    wanted,
  ];
  try {
    await run(process.env.PYTHON || 'python3', pip, { timeout: downloadMaxMs });
    const name = readdirSync(aside).find((file) => file === archive.file);
    if (name === undefined) return `pip did not get ${archive.file}`;
    // Another test may download it at the same time: the file appears whole.
    copyFileSync(path.join(aside, name), `${aside}.whl`);
    renameSync(`${aside}.whl`, found.file);
    return found;
  } catch (error) {
    return `pip cannot get ${wanted}: ${String(error).split('\n').at(0)}`;
  } finally {
    rmSync(aside, { recursive: true, force: true });
  }
}
