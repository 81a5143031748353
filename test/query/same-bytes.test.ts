import { cpSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { FolderLibrary } from '../../src/library/folder.ts';
import { ask, makeLibrary, never, type TestLibrary } from '../support/library.ts';
import { ffmpeg, writePiece } from '../support/pieces.ts';

let library: TestLibrary;
const music = (name: string) => path.join(library.music, name);
const lengthsSec = [0.4, 1, 2.1];

beforeAll(async () => {
  library = await makeLibrary();
  for (const sec of lengthsSec) writePiece(music(`short-${sec}.ogg`), 40 + 10 * sec, sec);
  await library.app.indexing.index({ library: new FolderLibrary(library.music), signal: never });
});
afterAll(() => library[Symbol.asyncDispose]());

test.each(lengthsSec)('identifies a library file of %d s by its bytes', async (sec) => {
  const elsewhere = path.join(library.folder, `asked-${sec}.ogg`);
  cpSync(music(`short-${sec}.ogg`), elsewhere);
  const { verdict, results } = await ask(library.app, elsewhere);
  expect(results[0]?.track.key).toBe(`short-${sec}.ogg`);
  expect(verdict).toMatchObject({ kind: 'this-is', trackId: results[0]?.track.id, offsetSec: 0 });
});

test('does not identify another file with the same sound by its bytes', async () => {
  const other = path.join(library.folder, 'other.ogg');
  ffmpeg('-i', music('short-1.ogg'), '-c:a', 'copy', '-metadata', 'title=Another', other);
  const { verdict, results } = await ask(library.app, other);
  expect(results[0]?.bestDistance).toBeLessThan(0.001);
  expect(verdict.kind).not.toBe('this-is');
});
