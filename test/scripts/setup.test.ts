import { spawn } from 'node:child_process';
import { chmod, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

const setup = path.resolve(import.meta.dirname, '../../scripts/setup.mjs');
/** Any id but root's: what a stranger without rights is. */
const nobody = 65_534;

interface Run {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function runSetup(env: NodeJS.ProcessEnv, uid: number | undefined): Promise<Run> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [setup], { env, ...(uid === undefined ? {} : { uid, gid: uid }) });
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (data) => (stdout += data));
    child.stderr.on('data', (data) => (stderr += data));
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, stdout, stderr }));
  });
}

describe('set-up', () => {
  let bin: string;

  beforeEach(async () => {
    bin = await mkdtemp(path.join(tmpdir(), 'leitmotif-setup-'));
    await chmod(bin, 0o755);
  });

  afterEach(() => rm(bin, { recursive: true }));

  test('says nothing and succeeds where nothing is missing', async () => {
    expect(await runSetup(process.env, undefined)).toEqual({ code: 0, stdout: '', stderr: '' });
  });

  test('without root it names the exact apt command for what is missing, and stops with exit code 1', async () => {
    await symlink('/bin/sh', path.join(bin, 'sh'));
    await writeFile(path.join(bin, 'apt-get'), '#!/bin/sh\nexit 99\n', { mode: 0o755 });
    const uid = process.getuid?.() === 0 ? nobody : undefined;
    const { code, stdout, stderr } = await runSetup({ PATH: bin }, uid);
    expect(code).toBe(1);
    expect(stdout).toBe('');
    expect(stderr).toContain("sudo sh -c 'apt-get update && apt-get install -y --no-install-recommends ffmpeg'");
    expect(stderr).not.toMatch(/\n\s+at /);
  });
});
