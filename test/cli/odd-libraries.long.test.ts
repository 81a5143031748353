import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { summaryText } from '../../src/cli/index-command.ts';
import { failureReply } from '../../src/discord/replies/failure.ts';
import { textsOf } from '../../src/discord/texts/texts.ts';
import { LeitmotifError } from '../../src/errors.ts';
import { fileProblem } from '../../src/library/file-problem.ts';
import { FolderLibrary } from '../../src/library/folder.ts';
import { ask, never, openLibrary, projectRoot, type TestLibrary } from '../support/library.ts';
import { ffmpeg, writePiece } from '../support/pieces.ts';

function emptyLibrary(): Omit<TestLibrary, 'app'> {
  const folder = mkdtempSync(path.join(tmpdir(), 'leitmotif-odd-'));
  const music = path.join(folder, 'music');
  mkdirSync(music);
  return openLibrary({ folder, music, indexDir: path.join(folder, 'index') });
}

describe('a library without any music', () => {
  const library = emptyLibrary();
  const music = (name: string) => path.join(library.music, name);

  beforeAll(() => {
    ffmpeg('-f', 'lavfi', '-i', 'anullsrc=r=16000:cl=mono:d=12', music('silence.wav'));
    ffmpeg('-f', 'lavfi', '-i', 'anoisesrc=a=0.3:r=16000:d=12', music('noise.wav'));
    writePiece(path.join(library.folder, 'piece.wav'), 3, 12);
  });
  afterAll(() => library[Symbol.asyncDispose]());

  test('reports how many tracks have no music, and what they contain', async () => {
    const app = await library.open();
    const summary = await app.indexing.index({ library: new FolderLibrary(library.music), signal: never });
    expect(summary.withoutMusic).toEqual({ silence: 1, applause: 0, noise: 1 });
    expect(summaryText(summary)).toContain(
      'Without music, so excluded from answers: 2 tracks (1 silence, 1 talk or noise).',
    );
    const refusal = await ask(app, path.join(library.folder, 'piece.wav')).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(LeitmotifError);
    expect(String(refusal)).toContain(
      'All 2 tracks of the library hold no music to compare: 1 silence, 1 talk or noise',
    );
    const { code, facts } = refusal as LeitmotifError;
    const view = { code, facts, retryable: false, reference: 'abc' };
    const said = (locale: 'en-GB' | 'de') => failureReply(textsOf(locale), view).content;
    expect(said('en-GB')).toContain('2 tracks, 1 silence and 1 talk or noise');
    expect(said('de')).toContain('2 Stücke, 1 Stille und 1 Sprache oder Geräusch');
  });

  test('`similar` reports it in one line, without a log line', async () => {
    const file = path.join(library.folder, 'piece.wav');
    const environment = { ...process.env, INDEX_DIR: library.indexDir };
    const args = [path.join(projectRoot, 'src/cli.ts'), 'similar', file];
    const { stderr } = await new Promise<{ stderr: string }>((resolve) => {
      execFile(process.execPath, args, { env: environment }, (_, __, err) => resolve({ stderr: err }));
    });
    expect(stderr.trim().split('\n')).toHaveLength(1);
    expect(stderr).toContain('All 2 tracks of the library hold no music');
    expect(stderr).not.toContain('{');
  });
});

test('counts every listed recording once, and unreadable ones separately', async () => {
  await using library = emptyLibrary();
  const music = (name: string) => path.join(library.music, name);
  writePiece(music('piece.ogg'), 1, 12);
  writeFileSync(music('damaged.mp3'), 'no sound at all');
  symlinkSync('/nowhere.mp3', music('dangling.mp3'));
  symlinkSync(tmpdir(), music('outside'));
  const app = await library.open();
  for (const retryFailed of [false, false, true]) {
    const summary = await app.indexing.index({ library: new FolderLibrary(library.music), signal: never, retryFailed });
    const { listed, removed: _, notListed, ...parts } = summary.files;
    expect(Object.values(parts).reduce((sum, count) => sum + count, 0)).toBe(listed);
    expect({ listed, notListed }).toEqual({ listed: 2, notListed: 2 });
    expect(summaryText(summary)).toContain('2 more that could not be read');
  }
});

test('writes the singular for one', async () => {
  await using library = emptyLibrary();
  writePiece(path.join(library.music, 'piece.ogg'), 1, 8);
  const app = await library.open();
  const text = summaryText(await app.indexing.index({ library: new FolderLibrary(library.music), signal: never }));
  expect(text).toContain('1 recording listed, 1 embedded.');
  expect(text).toContain('1 chunk.');
});

test.each([
  [
    Object.assign(new Error("EACCES: permission denied, open '/music/a.mp3'"), { code: 'EACCES' }),
    'reading it is not permitted',
  ],
  [Object.assign(new Error('ESTALE: stale file handle, read'), { code: 'ESTALE' }), 'stale file handle'],
  [new Error('anything else'), 'anything else'],
])('says why a file cannot be read without codes and paths: %s', (error, words) => {
  expect(fileProblem(error)).toBe(words);
});
