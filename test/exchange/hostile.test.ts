/** Hostile import files: each is refused with a code, quickly, and without blocking other work. */
import { truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { importIndex } from '../../src/exchange/import-index.ts';
import { openCatalog, tempFolder } from '../catalog/helpers.ts';

const noFingerprint = { items: new Uint32Array(), itemSec: 0.1 };

function importOf(file: string, signal = new AbortController().signal) {
  const catalog = openCatalog(path.dirname(file));
  const spaceFor = async () => ({ spaceId: 'space-a', windowSec: 10 });
  return importIndex({ catalog, file, spaceFor, noFingerprint, replace: false, signal });
}

function written(name: string, ...parts: readonly (string | Buffer)[]): string {
  const file = path.join(tempFolder(), name);
  writeFileSync(
    file,
    Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part, 'latin1') : part))),
  );
  return file;
}

const refusal = (file: string) =>
  expect(importOf(file)).rejects.toMatchObject({ name: 'LeitmotifError', code: 'import-refused' });

function npy(shape: string, bytes = 64): string {
  const header = `{'descr': '<f4', 'fortran_order': False, 'shape': (${shape}), }\n`;
  const file = written(
    'a.npy',
    '\x93NUMPY\x01\x00',
    Buffer.from(Uint16Array.of(header.length).buffer),
    header,
    Buffer.alloc(bytes),
  );
  const rows = shape.startsWith('1,') ? [{ file_name: 'a.mp3', chunk_id: 0 }] : [];
  writeFileSync(file.replace('.npy', '.json'), JSON.stringify(rows));
  return file;
}

describe('refuses a matrix', () => {
  test.each(['1, 4000000000', '1, 0', '1, 99999999999999999999999', '1, 16', `1, ${'9'.repeat(400)}`])(
    'of the shape (%s) that its file does not have, before it allocates memory',
    async (shape) => {
      await refusal(npy(shape, 60));
    },
  );

  test('in a sparse file with the size of its shape', async () => {
    const file = npy('1, 4000000000');
    truncateSync(file, 17_000_000_000);
    await refusal(file);
  });
});

const deep = 200_000;
const number = `K\x01`;

describe('refuses nesting', () => {
  const nested = `${'['.repeat(deep)}1${']'.repeat(deep)}`;
  test.each([
    ['a vector', `{"file_name": "a.mp3", "chunk_id": 0, "embedding": ${nested}}`],
    ['a number of a vector', `{"file_name": "a.mp3", "chunk_id": 0, "embedding": [1, ${nested}]}`],
    ['a title', `{"file_name": "a.mp3", "chunk_id": 0, "title": ${nested}, "embedding": [1]}`],
    ['a file', `{"file_name": ${nested}, "chunk_id": 0, "embedding": [1]}`],
    ['a row', nested],
  ])('of JSON, in the place of %s', async (_what, line) => {
    await refusal(written('a.jsonl', `${line}\n`));
  });

  test('of JSON next to a matrix', async () => {
    const file = npy('1, 16');
    writeFileSync(file.replace('.npy', '.json'), nested);
    await refusal(file);
  });

  test.each([
    ['lists', `${']'.repeat(deep)}${number}${'a'.repeat(deep)}`],
    ['tuples', `${number}${'\x85'.repeat(deep)}`],
  ])('of %s in a pickle', async (_what, vector) => {
    await refusal(written('a.pkl', row(vector)));
  });

  test('of a list in itself', async () => {
    await refusal(written('a.pkl', row(']q\x00h\x00a')));
  });

  test('of lists that name another a thousand times each', async () => {
    const thousand = (slot: number) =>
      `](${`h${String.fromCharCode(slot)}`.repeat(1000)}eq${String.fromCharCode(slot + 1)}0`;
    const levels = Array.from({ length: 6 }, (_, level) => thousand(level)).join('');
    await refusal(written('a.pkl', `]Naq\x000${levels}${row('h\x06')}`));
  });
});

/** A pickle of a list with one dictionary. */
function row(vector: string): string {
  return `]}(X\x09\x00\x00\x00file_nameX\x05\x00\x00\x00a.mp3X\x08\x00\x00\x00chunk_idK\x00X\x09\x00\x00\x00embedding${vector}ua.`;
}

describe('a pickle', () => {
  test('of single APPENDs is read in linear time, up to the length of a vector', async () => {
    const startedAt = performance.now();
    await refusal(written('a.pkl', row(`]${`${number}a`.repeat(1_000_000)}`)));
    // Copying the list for each APPEND took minutes.
    expect(performance.now() - startedAt).toBeLessThan(20_000);
  });

  test('of single APPENDs is abandoned when the import is cancelled', async () => {
    const file = written('a.pkl', row(`]${`${number}a`.repeat(5_000_000)}`));
    const cancel = new AbortController();
    setTimeout(() => cancel.abort(new Error('cancelled here')), 50);
    const startedAt = performance.now();
    await expect(importOf(file, cancel.signal)).rejects.toThrow('cancelled here');
    expect(performance.now() - startedAt).toBeLessThan(5_000);
  });

  test('with single APPENDs of a vector is imported', async () => {
    const vector = `]${'G\x3f\xf0\x00\x00\x00\x00\x00\x00a'.repeat(16)}`;
    expect(await importOf(written('a.pkl', row(vector)))).toMatchObject({ dimensions: 16, chunks: 1 });
  });

  test.each([
    ['a number of 60 MB', row(`\x8b\x00\x00\x80\x03${'\x01'.repeat(0x3800000)}`)],
    ['a number of a million digits', row(`L${'9'.repeat(1_000_000)}L\n`)],
    ['an endless line', row(`V${'a'.repeat(3_000_000)}`)],
    ['an invalid character', row('V\\UFFFFFFFF\n')],
  ])('is refused with %s', async (_what, bytes) => {
    await refusal(written('a.pkl', bytes));
  });
});

describe('refuses JSON Lines', () => {
  test('with a chunk number of millions of digits', async () => {
    const line = `{"file_name": "a.mp3", "chunk_id": "${'1'.repeat(3_000_000)}x", "embedding": [1]}`;
    await refusal(written('a.jsonl', line));
  });

  test('with an invalid fingerprint of megabytes', async () => {
    const line = `{"file_name": "a.mp3", "chunk_id": 0, "fingerprint": "${'A'.repeat(12_000_000)}!", "embedding": [1]}`;
    await refusal(written('a.jsonl', line));
  });

  test('with a vector of a million numbers', async () => {
    await refusal(written('a.jsonl', `{"file_name": "a.mp3", "chunk_id": 0, "embedding": [${'1,'.repeat(1e6)}1]}`));
  });
});
