import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { hashFile } from '../../src/io/durable-file.ts';
import { folderBytes } from '../../src/io/folder-bytes.ts';
import { linkOrCopy } from '../../src/io/link-file.ts';

const shared = '/dev/shm';

function folderIn(parent: string): string {
  const folder = mkdtempSync(path.join(parent, 'leitmotif-link-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

test('gives a file a second name, which takes no more room', async () => {
  const folder = folderIn(tmpdir());
  const [from, to] = ['from', 'to'].map((name) => path.join(folder, name)) as [string, string];
  writeFileSync(from, 'a thousand rows');
  await linkOrCopy(from, to, await hashFile(from));
  expect(statSync(to).ino).toBe(statSync(from).ino);
  expect(await folderBytes(folder)).toBe(15);
  await expect(linkOrCopy(from, to, await hashFile(from))).rejects.toMatchObject({ code: 'EEXIST' });
  await expect(linkOrCopy(`${from}.gone`, `${to}.gone`, await hashFile(from))).rejects.toMatchObject({
    code: 'ENOENT',
  });
});

const hasTwoDisks = statSync(shared, { throwIfNoEntry: false })?.dev !== statSync(tmpdir()).dev;

test.runIf(hasTwoDisks)('copies the file where it cannot be linked, and checks the copy', async () => {
  const from = path.join(folderIn(tmpdir()), 'from');
  const to = path.join(folderIn(shared), 'to');
  writeFileSync(from, 'a thousand rows');
  const record = await hashFile(from);
  await linkOrCopy(from, to, record);
  expect(readFileSync(to, 'utf8')).toBe('a thousand rows');
  writeFileSync(from, 'a thousand raws');
  const damaged = linkOrCopy(from, `${to}.damaged`, record);
  await expect(damaged).rejects.toMatchObject({
    code: 'index-corrupt',
    message: expect.stringContaining('to.damaged'),
  });
});
