/** Milvus in Python environments of its own in the cache folder, created on first use, and the client in milvus-sdk/. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { lackingEnvironment, lastLine } from '../../local-discord/test/other-clients/python.ts';

const run = promisify(execFile);
export const root = path.resolve(import.meta.dirname, '../..');
/** Downloads of 60 to 400 MB. */
const installMaxMs = 600_000;

export type MilvusKind = 'lite' | 'server';

interface Environment {
  readonly folder: string;
  readonly packages: readonly string[];
  readonly program: string;
}

export const versions: Readonly<Record<MilvusKind, string>> = { lite: '3.2.2', server: '2.3.5' };

const environments: Readonly<Record<MilvusKind, Environment>> = {
  lite: {
    folder: path.join(root, `.cache/milvus-lite-${versions.lite}`),
    // Milvus Lite does not declare pymilvus.
    packages: [`milvus-lite==${versions.lite}`, 'pymilvus==3.0.2'],
    program: 'bin/milvus-lite',
  },
  server: {
    folder: path.join(root, `.cache/milvus-${versions.server}`),
    // Its dependencies are those of its Python client.
    packages: ['--no-deps', `milvus==${versions.server}`],
    program: 'bin/milvus-server',
  },
};

/** @returns the path of its program, or why there is none */
export async function milvusProgram(kind: MilvusKind): Promise<{ program: string } | { missing: string }> {
  const { folder, packages, program } = environments[kind];
  const file = path.join(folder, program);
  const lacking = await installSdk();
  if (lacking !== null) return { missing: lacking };
  const works = () => run(file, kind === 'lite' ? ['server', '--help'] : ['--help']);
  const missing = await lackingEnvironment({ folder, packages, installMaxMs, works });
  return missing === null ? { program: file } : { missing };
}

/** @returns why there is no client; null if there is */
async function installSdk(): Promise<string | null> {
  const folder = path.join(root, 'milvus-sdk');
  if (existsSync(path.join(folder, 'node_modules/@zilliz/milvus2-sdk-node/package.json'))) return null;
  try {
    await run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd: folder, timeout: installMaxMs });
    return null;
  } catch (error) {
    return `Milvus's client could not be installed: ${lastLine(error)}`;
  }
}
