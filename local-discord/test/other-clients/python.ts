/** discord.py in its own environment in the cache folder, created on first use and when its version changes. */
import { execFile } from 'node:child_process';
import { access } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const version = '2.7.1';
const folder = path.resolve(import.meta.dirname, `../../../.cache/discord.py-${version}`);
/** A download of some megabytes. */
const installMaxMs = 300_000;

/** @returns the path of its Python, or why there is none */
export async function pythonWithDiscord(): Promise<{ python: string } | { missing: string }> {
  const python = path.join(folder, 'bin/python');
  const works = () => run(python, ['-c', `import discord; assert discord.__version__ == '${version}'`]);
  if (await works().catch(() => false)) return { python };
  const host = process.env.PYTHON || 'python3';
  try {
    await run(host, ['-c', 'import sys, venv, ensurepip; assert sys.version_info >= (3, 10)']);
  } catch {
    return { missing: `no Python 3.10 or newer with venv (tried ${host}; PYTHON names another)` };
  }
  try {
    await run(host, ['-m', 'venv', '--clear', folder], { timeout: installMaxMs });
    await run(path.join(folder, 'bin/pip'), ['install', '-q', `discord.py==${version}`], { timeout: installMaxMs });
    await access(python);
    await works();
    return { python };
  } catch (error) {
    const last = String((error as { stderr?: string }).stderr ?? error)
      .trim()
      .split('\n')
      .at(-1);
    return { missing: `discord.py ${version} could not be installed from PyPI: ${last}` };
  }
}
