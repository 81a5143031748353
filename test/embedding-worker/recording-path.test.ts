/** A recording on the worker's own machine is named, not sent. */
import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Agent, request } from 'undici';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { recordingPathHeader } from '../../src/embedding/wire-format.ts';
import { type RunningWorker, runWorker, testToken } from './running-worker.ts';
import { chords, makeSound } from './sounds.ts';

const never = new AbortController().signal;

let folder: string;
let music: string;
let here: RunningWorker;
let elsewhere: RunningWorker;
let socket: Agent;

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'path-test-'));
  // ffmpeg prefers the format of a name's ending: the worker must not see it.
  music = path.join(folder, 'Motif "№ 1", 100 %.wav');
  renameSync(makeSound(folder, 'music.mp3', chords(34)), music);
  const socketPath = path.join(folder, 'worker.sock');
  [here, elsewhere] = await Promise.all([runWorker({ listen: { socketPath } }), runWorker()]);
  socket = new Agent({ connect: { socketPath } });
});
afterAll(async () => {
  await Promise.all([here.close(), elsewhere.close(), socket.close()]);
  rmSync(folder, { recursive: true });
});

/** Asks the worker on the socket, or the one at an address. */
async function named(file: string, at: RunningWorker = here) {
  const headers = { authorization: `Bearer ${testToken}`, [recordingPathHeader]: file };
  const isHere = at === here;
  const url = `${isHere ? 'http://worker' : at.url}/v1/embeddings`;
  const answer = await request(url, { method: 'POST', headers, ...(isHere ? { dispatcher: socket } : {}) });
  return { status: answer.statusCode, body: await answer.body.text() };
}

test('gets the answer of the same recording sent, and stays where it is', async () => {
  const { timingsMs: _, ...sent } = await elsewhere.client.embed(music, { signal: never });
  const { timingsMs: __, ...read } = await here.client.embed(path.relative(process.cwd(), music), { signal: never });
  expect(read).toEqual(sent);
  expect(read.chunks).toHaveLength(4);
  expect(readdirSync(folder)).toContain(path.basename(music));
  expect(readdirSync(here.spoolDir)).toEqual([]);
});

test.each([
  ['a path to a worker that is reached over the network', () => encodeURIComponent(music), () => elsewhere, /send the/],
  ['a relative path', () => 'music.mp3', () => here, /absolute path/],
  ['no encoded text', () => '/%zz', () => here, /absolute path/],
  ['a zero byte', () => '%2Fetc%00', () => here, /absolute path/],
])('is refused as %s', async (_name, file, at, words) => {
  const { status, body } = await named(file(), at());
  expect(status).toBe(400);
  expect(body).toMatch(words);
});

test.each([
  ['that does not exist', 'nowhere.mp3', 'file-unreadable'],
  ['that is a folder', 'folder', 'file-unreadable'],
  ['that is empty', 'empty.mp3', 'audio-empty'],
])('%s is refused by code, and no link is left', async (_name, file, code) => {
  mkdirSync(path.join(folder, 'folder'), { recursive: true });
  writeFileSync(path.join(folder, 'empty.mp3'), '');
  const { status, body } = await named(encodeURIComponent(path.join(folder, file)));
  expect(status).toBe(422);
  expect(JSON.parse(body)).toMatchObject({ code });
  expect(readdirSync(here.spoolDir)).toEqual([]);
});
