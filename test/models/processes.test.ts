/** Downloads in separate processes: killed, on a full disk, and two at once. */
import { execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { weights } from './catalogue.ts';
import { type Fixture, openFixture } from './fixture.ts';
import { sendHalf, sha256Of } from './local-hub.ts';

const program = path.join(import.meta.dirname, 'programs/get.ts');
const hash = `"${sha256Of(weights)}"`;
const half = weights.length / 2;
const file = ({ modelsDir }: Fixture) => path.join(modelsDir, 'tiny', 'audio_model.onnx');
const partSize = (fixture: Fixture) =>
  existsSync(`${file(fixture)}.part`) ? statSync(`${file(fixture)}.part`).size : 0;
const ranges = ({ hub }: Fixture) => hub.asked.filter(({ at }) => at === 'storage').map(({ range }) => range);

test('resumes a killed download where it stopped', async () => {
  const fixture = await openFixture();
  fixture.hub.tricks.storage = (_request, reply, nth) =>
    nth === 0 && sendHalf(reply, weights, { etag: hash }, () => false);
  const child = spawn(process.execPath, [program, fixture.hub.endpoint, fixture.modelsDir]);
  await expect.poll(() => partSize(fixture), { interval: 10, timeout: 300_000 }).toBe(half);
  child.kill('SIGKILL');
  await once(child, 'exit');
  expect((await fixture.models.list()).find(({ name }) => name === 'tiny')).toMatchObject({ presence: 'partly' });
  await fixture.get();
  expect(ranges(fixture)).toEqual([undefined, `bytes=${half}-`]);
  expect(readFileSync(file(fixture)).equals(weights)).toBe(true);
});

test('names a full disk, and keeps the partial file for later', async () => {
  const fixture = await openFixture();
  // Files of at most 128 KiB; the model has 300,000 bytes.
  const limited = ['-c', 'ulimit -f 128; exec "$@"', 'limited', process.execPath, program];
  const { stdout } = await promisify(execFile)('bash', [...limited, fixture.hub.endpoint, fixture.modelsDir]);
  expect(stdout).toMatch(/Cannot write .*audio_model\.onnx\.part: the disk is full/);
  expect(partSize(fixture)).toBe(131_072);
  await fixture.get();
  expect(ranges(fixture)).toEqual([undefined, 'bytes=131072-']);
});

test.skipIf(!canMount())('names a disk without room before the download, with the bytes needed', async () => {
  const fixture = await openFixture();
  mkdirSync(fixture.modelsDir);
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=128k', 'leitmotif-test', fixture.modelsDir]);
  try {
    await expect(fixture.get()).rejects.toMatchObject({
      code: 'disk-full',
      message: expect.stringMatching(/expected 300 kB of room, got \d+ kB/),
    });
    expect(partSize(fixture)).toBe(0);
  } finally {
    execFileSync('umount', [fixture.modelsDir]);
  }
});

test('reports the other process when two download at once, and then downloads nothing', async () => {
  const fixture = await openFixture();
  let isFree = false;
  fixture.hub.tricks.storage = (_request, reply) => {
    reply.hijack();
    reply.raw.writeHead(200, { etag: hash, 'content-length': String(weights.length) });
    reply.raw.write(weights.subarray(0, half));
    const timer = setInterval(() => isFree && reply.raw.end(weights.subarray(half)), 5);
    reply.raw.once('close', () => clearInterval(timer));
    return true;
  };
  const child = spawn(process.execPath, [program, fixture.hub.endpoint, fixture.modelsDir]);
  await expect.poll(() => partSize(fixture), { interval: 10, timeout: 300_000 }).toBe(half);
  await expect(fixture.models.remove('tiny', new AbortController().signal)).rejects.toMatchObject({
    code: 'model-locked',
    message: expect.stringMatching(new RegExp(`process ${child.pid} on `)),
  });
  const second = fixture.get();
  const waiting = { kind: 'waiting', owner: expect.stringMatching(new RegExp(`process ${child.pid} on `)) };
  await expect.poll(() => fixture.events).toContainEqual(waiting);
  isFree = true;
  await second;
  expect(fixture.events).toContainEqual(expect.objectContaining({ kind: 'taken', from: 'here' }));
  expect(ranges(fixture)).toHaveLength(1);
});

test('can be cancelled while it waits for another download', async () => {
  const fixture = await openFixture();
  fixture.hub.tricks.storage = (_request, reply) => sendHalf(reply, weights, { etag: hash }, () => false);
  const [first, second] = [new AbortController(), new AbortController()];
  const going = fixture.get('tiny', {}, fixture.models, first.signal).catch((error: Error) => error.message);
  await expect.poll(() => partSize(fixture), { interval: 10, timeout: 300_000 }).toBe(half);
  const waiting = fixture.get('tiny', {}, fixture.models, second.signal).catch((error: Error) => error.message);
  await expect.poll(() => fixture.events.map(({ kind }) => kind)).toContain('waiting');
  second.abort(new Error('second stopped'));
  expect(await waiting).toBe('second stopped');
  first.abort(new Error('first stopped'));
  expect(await going).toBe('first stopped');
});

function canMount(): boolean {
  const folder = mkdtempSync(path.join(tmpdir(), 'leitmotif-mount-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=32k', 'leitmotif-test', folder], { stdio: 'ignore' });
    execFileSync('umount', [folder]);
    return true;
  } catch {
    return false;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
