/** Servers whose answers cost the reader more than the server. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { fetchAudio } from '../../src/fetch/fetch-audio.ts';
import type { Network } from '../../src/fetch/guarded-request.ts';

const network: Network = {
  resolve: (_name, done) => done(null, [{ address: '127.0.0.1', family: 4 }]),
  isAllowed: () => true,
};

let folder: string;
let server: ChildProcess;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'flood-'));
});
afterEach(async () => {
  server.kill('SIGKILL');
  await once(server, 'exit');
  rmSync(folder, { recursive: true });
});

async function fetchFrom(...kind: readonly string[]) {
  server = fork(path.join(import.meta.dirname, 'programs/drip.ts'), kind, {
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  const [port] = await once(server.stdout as NodeJS.ReadableStream, 'data');
  const options = { path: path.join(folder, 'a'), limits: { bytesMax: 20_000_000, deadlineMs: 30_000 } };
  const link = `http://127.0.0.1:${Number(String(port))}/a.mp3`;
  return fetchAudio(link, { ...options, signal: new AbortController().signal }, { network, paceWindowMs: 10_000 });
}

test.each(['1', '16'])('refuses a body in chunks of %s bytes before reading it', async (size) => {
  const failure = { code: 'link-unreachable', message: expect.stringContaining('pieces of a few bytes') };
  await expect(fetchFrom('pieces', size)).rejects.toMatchObject(failure);
});

test('reads a body in chunks of 200 bytes up to the limit', async () => {
  await expect(fetchFrom('pieces', '200')).rejects.toMatchObject({ code: 'link-too-large' });
  expect(statSync(folder).isDirectory()).toBe(true);
});

test('cuts a flood of 100 Continue and does not ask the server again', async () => {
  const failure = { code: 'link-unreachable', message: expect.stringContaining('answers without end') };
  await expect(fetchFrom('heads')).rejects.toMatchObject(failure);
});
