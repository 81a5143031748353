/** discord.py in its own environment in the cache folder, created on first use and when its version changes. */
import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const version = '2.7.1';
const folder = path.resolve(import.meta.dirname, `../../../.cache/discord.py-${version}`);
/** A download of some megabytes. */
const installMaxMs = 300_000;

interface Environment {
  readonly folder: string;
  /** For pip, the wanted one last. */
  readonly packages: readonly string[];
  readonly installMaxMs: number;
  /** Rejects unless the environment can be used. */
  readonly works: () => Promise<unknown>;
}

/** Makes a Python environment from PyPI unless it works already.
 *  @returns why there is none; null if there is */
export async function lackingEnvironment({ folder, packages, installMaxMs: timeout, works }: Environment) {
  const isThere = async () => {
    await works();
    return true;
  };
  if (await isThere().catch(() => false)) return null;
  const host = process.env.PYTHON || 'python3';
  try {
    await run(host, ['-c', 'import sys, venv, ensurepip; assert sys.version_info >= (3, 10)']);
  } catch {
    return `no Python 3.10 or newer with venv (tried ${host}; PYTHON names another)`;
  }
  try {
    await run(host, ['-m', 'venv', '--clear', folder], { timeout });
    await run(path.join(folder, 'bin/pip'), ['install', '-q', ...packages], { timeout });
    await works();
    return null;
  } catch (error) {
    return `${packages.at(-1)} could not be installed from PyPI: ${lastLine(error)}`;
  }
}

/** What a failed program said last. */
export function lastLine(error: unknown): string | undefined {
  const text = String((error as { stderr?: string }).stderr || error);
  return text.trim().split('\n').at(-1);
}

/** @returns the path of its Python, or why there is none */
export async function pythonWithDiscord(): Promise<{ python: string } | { missing: string }> {
  const python = path.join(folder, 'bin/python');
  const works = () => run(python, ['-c', `import discord; assert discord.__version__ == '${version}'`]);
  const missing = await lackingEnvironment({ folder, packages: [`discord.py==${version}`], installMaxMs, works });
  return missing === null ? { python } : { missing };
}
