/** Files from Python are read bit-equal, and code in them is never run. Fixtures: see their make.py. */
import { cpSync, existsSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import type { ExchangeRow } from '../../src/exchange/exchange-row.ts';
import { formatOf } from '../../src/exchange/formats.ts';
import { tempFolder } from '../catalog/helpers.ts';

const fixtures = path.resolve(import.meta.dirname, '../fixtures/exchange');
const fixture = (name: string) => path.join(fixtures, name);
const never = new AbortController().signal;

interface Plain {
  readonly file_name: string;
  readonly chunk_id: number;
  readonly embedding: readonly number[];
}
const expected: readonly Plain[] = JSON.parse(readFileSync(fixture('expected.json'), 'utf8'));

async function read(file: string): Promise<ExchangeRow[]> {
  const rows = [];
  for await (const { row } of formatOf(file).read(file, never)) rows.push(row);
  return rows;
}

const plain = (rows: readonly ExchangeRow[]) =>
  rows.map((row) => ({ file_name: row.fileName, chunk_id: row.chunkId, embedding: [...row.embedding] }));

const exact = ['protocol-0.pkl', 'protocol-1.pkl', 'protocol-2.pkl', 'protocol-3.pkl', 'protocol-4.pkl'];
exact.push('protocol-5.pkl', 'batch-of-one.pkl', 'float32.npy', 'float64.npy', 'pandas.parquet');
exact.push('pandas-float32.parquet');

test.each(exact)('reads %s bit-equal', async (name) => {
  const rows = await read(fixture(name));
  expect(plain(rows)).toEqual(expected);
  expect(rows.every((row) => row.spaceId === null && row.span === null && row.track === null)).toBe(true);
});

test('reads half precision', async () => {
  const rows = await read(fixture('float16.npy'));
  expect(rows.map((row) => [...row.embedding])).toEqual(
    expected.map(({ embedding }) => [...new Float32Array(new Float16Array(embedding))]),
  );
});

test('reads a list that Python wrote in parts', async () => {
  const [row] = await read(fixture('long-list.pkl'));
  expect(row?.embedding.length).toBe(2501);
  expect(row?.embedding[0]).toBe(1);
});

describe('a pickle with more than data', () => {
  test.each([
    ['runs-code.pkl', /wants the name posix\.system/],
    ['runs-code-0.pkl', /wants the name posix\.system/],
    ['numpy-inside.pkl', /wants the name numpy.*numpy\.save/s],
  ])('is refused by name, with the way to convert it: %s', async (name, reason) => {
    await expect(read(fixture(name))).rejects.toMatchObject({
      code: 'import-refused',
      message: expect.stringMatching(reason),
    });
    expect(existsSync('pickle-was-here')).toBe(false);
  });

  /** Every opcode of Python that does more than build data, each after a suitable value. */
  const refusedOpcodes = {
    GLOBAL: 'cos\nsystem\n',
    INST: '(ios\nsystem\n',
    OBJ: '(o',
    NEWOBJ: '))\x81',
    NEWOBJ_EX: '))}\x92',
    REDUCE: '))R',
    BUILD: '}}b',
    PERSID: 'P1\n',
    BINPERSID: 'NQ',
    EXT1: '\x82\x01',
    EXT2: '\x83\x01\x00',
    EXT4: '\x84\x01\x00\x00\x00',
    STACK_GLOBAL: '\x8c\x02os\x8c\x06system\x93',
    NEXT_BUFFER: '\x97',
    READONLY_BUFFER: 'N\x98',
    EMPTY_SET: '\x8f',
    ADDITEMS: '((\x90',
    FROZENSET: '(\x91',
  };
  test.each(Object.entries(refusedOpcodes))('cannot use the opcode %s', async (_, program) => {
    const file = path.join(tempFolder(), 'program.pkl');
    writeFileSync(file, Buffer.from(`\x80\x05${program}.`, 'latin1'));
    await expect(read(file)).rejects.toMatchObject({
      code: 'import-refused',
      message: expect.stringMatching(/nothing of it was run/),
    });
  });
});

describe('a damaged file is refused', () => {
  test.each(['protocol-0.pkl', 'protocol-4.pkl', 'float32.npy', 'pandas.parquet'])(
    'when %s is cut off at any byte, with the expected code',
    async (name) => {
      const size = readFileSync(fixture(name)).length;
      const file = path.join(tempFolder(), name);
      for (let bytes = 0; bytes < size; bytes += Math.max(1, Math.floor(size / 40))) {
        cpSync(fixture(name), file);
        if (name.endsWith('.npy')) cpSync(fixture('float32.json'), file.replace('.npy', '.json'));
        truncateSync(file, bytes);
        await expect(read(file)).rejects.toMatchObject({ code: 'import-refused' });
      }
    },
  );

  test.each([
    ['0', /takes what was never there/],
    ['e', /a mark is missing/],
    ['h\x07', /recalls what was never remembered/],
    ['N(Ke', /to what is no list/],
    ['](KKe', /expected a dictionary/],
    ['X\xff\xff\xff\xff', /a text or number of 4294967295 bytes/],
    ['Ix\n', /expected a whole number/],
    ['}KKs', /expected texts as keys/],
  ])('when it is the pickle %j', async (program, reason) => {
    const file = path.join(tempFolder(), 'program.pkl');
    writeFileSync(file, Buffer.from(`${program}.`.replaceAll('K', 'K\x01'), 'latin1'));
    await expect(read(file)).rejects.toMatchObject({ code: 'import-refused', message: expect.stringMatching(reason) });
  });

  test('when a matrix has the other order or no list', async () => {
    await expect(read(fixture('fortran.npy'))).rejects.toThrow(/in C order, got .*fortran_order': True/);
    const file = path.join(tempFolder(), 'float32.npy');
    cpSync(fixture('float32.npy'), file);
    await expect(read(file)).rejects.toThrow(/cannot read .*float32\.json/);
    writeFileSync(file.replace('.npy', '.json'), '[{}]');
    await expect(read(file)).rejects.toThrow(/it has 6 rows, and the list beside it 1/);
  });

  test('when Parquet has an unsupported compression, naming it', async () => {
    await expect(read(fixture('pandas-gzip.parquet'))).rejects.toMatchObject({
      code: 'import-refused',
      message: expect.stringMatching(/GZIP/),
    });
  });

  test.each([
    ['{"file_name": "a.mp3", "chunk_id": 0, "embedding": [1, NaN]}', /line 1: it is not JSON \(NaN/],
    ['[1]', /line 1: expected an object/],
    ['{"file_name": "a.mp3", "chunk_id": 0, "embedding": [1, null]}', /expected numbers in "embedding", got null at 1/],
    ['{"file_name": "a.mp3", "chunk_id": 0}', /line 1: expected "embedding" to be a list/],
    ['{"chunk_id": 0, "embedding": [1]}', /line 1: .*file_name/],
    ['{"file_name": "a.mp3", "chunk_id": -1, "embedding": [1]}', /line 1: .*chunk_id/],
    ['{"file_name": "a.mp3", "chunk_id": 0, "embedding": [1], "start_sec": 4, "end_sec": 3}', /after start_sec 4/],
  ])('when it has the line %s', async (line, reason) => {
    const file = path.join(tempFolder(), 'lines.jsonl');
    writeFileSync(file, `${line}\n`);
    await expect(read(file)).rejects.toMatchObject({ code: 'import-refused', message: expect.stringMatching(reason) });
  });
});
