/** Atomic writes: under its final name a file is complete or missing, and no temporary file is left. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { replaceFile, writeAllAtomically, writeAtomically } from '../../src/io/durable-file.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'leitmotif-atomic-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));
const at = (name: string) => path.join(folder, name);

test('shows the old content until the new one is complete', async () => {
  writeFileSync(at('a'), 'old');
  const result = await writeAtomically(at('a'), async (partial) => {
    await writeFile(partial, 'ne');
    expect(readFileSync(at('a'), 'utf8')).toBe('old');
    await writeFile(partial, 'new');
    return 3;
  });
  expect(result).toBe(3);
  expect(readFileSync(at('a'), 'utf8')).toBe('new');
  expect(readdirSync(folder)).toEqual(['a']);
});

test.each([undefined, 'partial'])('keeps the old content and no temporary file after a failure (%s)', async (name) => {
  writeFileSync(at('a'), 'old');
  const write = async (partial: string) => {
    await writeFile(partial, 'half');
    throw new RangeError('stopped');
  };
  await expect(writeAtomically(at('a'), write, name ? { partial: at(name) } : {})).rejects.toThrow('stopped');
  expect(readFileSync(at('a'), 'utf8')).toBe('old');
  expect(readdirSync(folder)).toEqual(['a']);
});

test('discards the new content when the writer returns null', async () => {
  const write = async (partial: string) => {
    await writeFile(partial, 'other');
    return null;
  };
  expect(await writeAtomically(at('a'), write)).toBeNull();
  expect(readdirSync(folder)).toEqual([]);
});

test('writes a folder, and leaves nothing when its name is taken by a folder with files', async () => {
  const write = async (partial: string) => {
    await mkdir(partial);
    await writeFile(path.join(partial, 'x'), 'x');
  };
  await writeAtomically(at('model'), write, { isDurable: true });
  expect(readdirSync(at('model'))).toEqual(['x']);
  mkdirSync(at('taken'));
  writeFileSync(at('taken/y'), 'y');
  await expect(writeAtomically(at('taken'), write)).rejects.toMatchObject({ code: 'ENOTEMPTY' });
  expect(readdirSync(folder).sort()).toEqual(['model', 'taken']);
});

test('writes several files of one program, or none', async () => {
  const write = async (partials: readonly string[]) => {
    for (const partial of partials) await writeFile(partial, 'clip');
    return partials.length;
  };
  expect(await writeAllAtomically([at('a'), at('b')], write)).toBe(2);
  const failing = async (partials: readonly string[]) => {
    await write(partials);
    throw new RangeError('stopped');
  };
  await expect(writeAllAtomically([at('c'), at('d')], failing)).rejects.toThrow('stopped');
  expect(readdirSync(folder).sort()).toEqual(['a', 'b']);
});

test('lets concurrent writers of one file each write a complete one', async () => {
  const texts = Array.from({ length: 20 }, (_, i) => `${i}`.repeat(10_000));
  await Promise.all(texts.map((text) => writeAtomically(at('a'), (partial) => writeFile(partial, text))));
  expect(texts).toContain(readFileSync(at('a'), 'utf8'));
  expect(readdirSync(folder)).toEqual(['a']);
});

test('replaces a small file, and leaves no temporary file when it cannot', async () => {
  await replaceFile(at('a'), 'one\n');
  await replaceFile(at('a'), 'two\n');
  expect(readFileSync(at('a'), 'utf8')).toBe('two\n');
  mkdirSync(at('folder'));
  await expect(replaceFile(at('folder'), 'text')).rejects.toThrow();
  expect(readdirSync(folder).sort()).toEqual(['a', 'folder']);
});
