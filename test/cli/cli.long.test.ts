import { execFile, execFileSync } from 'node:child_process';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Catalog } from '../../src/catalog/catalog.ts';
import { projectRoot } from '../support/library.ts';
import { ffmpeg, writePiece } from '../support/pieces.ts';

interface Run {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

describe('the terminal', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'leitmotif-cli-'));
  const music = path.join(folder, 'music');
  const oddName = `it's "odd"\n♫.ogg`;
  const inFolder = (name: string) => path.join(folder, name);

  function cli(args: readonly string[], environment: Record<string, string> = {}): Promise<Run> {
    const env = { ...process.env, INDEX_DIR: inFolder('index'), ...environment };
    return new Promise((resolve) => {
      execFile(process.execPath, [path.join(projectRoot, 'src/cli.ts'), ...args], { env }, (error, stdout, stderr) => {
        resolve({ code: typeof error?.code === 'number' ? error.code : error ? -1 : 0, stdout, stderr });
      });
    });
  }

  beforeAll(async () => {
    mkdirSync(music);
    for (const seed of [1, 2, 3]) writePiece(path.join(music, `piece-${seed}.ogg`), seed, 32);
    writePiece(path.join(music, oddName), 4, 32);
    writeFileSync(path.join(music, 'lies.mp3'), 'I am a text');
    writeFileSync(path.join(music, 'empty.ogg'), '');
  });

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test('indexes the good files among bad ones, and reports which failed and why', async () => {
    const { code, stdout } = await cli(['index', music]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/6 recordings listed, 4 embedded, 2 failed/);
    expect(stdout).toMatch(/empty\.ogg: .*empty/);
    expect(stdout).toMatch(/lies\.mp3: This file is not audio/);
    const failures = await cli(['library', 'failures']);
    expect(failures.stdout).toMatch(/empty\.ogg[\s\S]*lies\.mp3[\s\S]*2 failed/);
  });

  test('embeds nothing in a second run without changes', async () => {
    const { code, stdout } = await cli(['index', music]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/4 unchanged, 2 failed before/);
    expect(stdout).toMatch(/The index is up to date/);
  });

  test('names added, changed, moved and removed files in a dry run, and writes nothing', async () => {
    const changed = inFolder('changed');
    // Node's own copy preserves times only to the millisecond.
    execFileSync('cp', ['-a', music, changed]);
    rmSync(path.join(changed, 'piece-1.ogg'));
    renameSync(path.join(changed, 'piece-2.ogg'), path.join(changed, 'moved.ogg'));
    writePiece(path.join(changed, 'new.ogg'), 9, 12);
    appendFileSync(path.join(changed, 'piece-3.ogg'), 'more');
    const filesNow = () =>
      readdirSync(inFolder('index'), { recursive: true })
        .map(String)
        .filter((name) => !/catalog/.test(name));
    const stateNow = () => {
      using catalog = new Catalog(path.join(inFolder('index'), 'catalog.sqlite'));
      return [
        filesNow(),
        catalog.jobs.last('index'),
        catalog.libraryLocation,
        catalog.tracks.failures(),
        catalog.counts(),
      ];
    };
    const before = stateNow();
    const args = ['index', changed, '--replace-library', '--dry-run'];
    const { code, stdout } = await cli(args);
    expect(code).toBe(0);
    expect(stdout).toMatch(/1 added, .*\n\s+new\.ogg\n\s+1 changed, .*\n\s+piece-3\.ogg\n/);
    expect(stdout).toMatch(/1 moved, .*\n\s+piece-2\.ogg -> moved\.ogg\n\s+1 removed, .*\n\s+piece-1\.ogg\n/);
    expect(stdout).toMatch(/2 to embed, .*judging by earlier runs\.\nNothing was written/);
    const plan = JSON.parse((await cli([...args, '--json'])).stdout);
    expect(plan).toMatchObject({
      files: { added: 1, changed: 1, moved: 1, removed: 1 },
      removed: [{ key: 'piece-1.ogg' }],
    });
    expect(stateNow()).toEqual(before);
    const refused = await cli(['index', changed, '--dry-run']);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toMatch(/--replace-library/);
  });

  test('prints the whole answer as one object with --json', async () => {
    const file = path.join(music, oddName);
    const { code, stdout } = await cli(['similar', file, '--json', '--top', '2', '--clips', inFolder('clips')]);
    expect(code).toBe(0);
    const answer = JSON.parse(stdout);
    expect(answer).toMatchObject({ verdict: { kind: 'this-is' }, query: { chunks: 4, musicChunks: 4 } });
    expect(answer.results[0]).toMatchObject({ rank: 1, key: oddName, bestDistance: 0 });
    expect(Object.keys(answer.timingsMs)).toEqual(['decode', 'embed', 'search', 'fuse', 'clips', 'total']);
    for (const { clip, ab } of answer.results) {
      for (const file of [clip, ab]) ffmpeg('-i', `file:${file}`, '-f', 'null', '-');
    }
  });

  test('prints a ranking with both times, and writes a picture', async () => {
    const picture = inFolder('match.png');
    const args = ['similar', path.join(music, 'piece-1.ogg'), '--from', '0:10', '--to', '0:30', '--picture', picture];
    const { code, stdout } = await cli(args);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^This is piece-1, from 0:10/m);
    expect(stdout).toMatch(/yours 0:10 - theirs 0:10|yours 0:20 - theirs 0:20/);
    ffmpeg('-i', picture, '-f', 'null', '-');
  });

  test('prints the ranking before the clips, and leaves out results with a low match, which --json has', async () => {
    const file = path.join(music, 'piece-2.ogg');
    const { results } = JSON.parse((await cli(['similar', file, '--json'])).stdout);
    const shown = results.filter(
      ({ match }: { match: number }, i: number) => i === 0 || Math.round(match * 100) >= 10,
    ).length;
    expect(results).toHaveLength(4);
    expect(shown).toBeLessThan(4);
    const { code, stdout } = await cli(['similar', file, '--clips', inFolder('ranked')]);
    expect(code).toBe(0);
    expect([...stdout.matchAll(/^ *(\d) {3}(?:piece|it's)/gm)].map(([, rank]) => Number(rank))).toEqual(
      Array.from({ length: shown }, (_, i) => i + 1),
    );
    expect(stdout).toMatch(
      new RegExp(`${4 - shown} further results? with a match below 10 (is|are) not shown; --json`),
    );
    const [ranking = '', clips = ''] = stdout.split(/^took .*$/m);
    expect(ranking).not.toContain('.mp3');
    const ranks = [...clips.matchAll(/^ +(\d) {2}theirs: .*-theirs-.*\.mp3\n +yours then theirs: .*-ab\.mp3$/gm)];
    expect(ranks.map(([, rank]) => Number(rank))).toEqual(Array.from({ length: shown }, (_, i) => i + 1));
    expect(clips).toMatch(/^clips took \d+\.\d s$/m);
  });

  describe('reports a fault in one sentence with exit code 1', () => {
    const bad: Record<string, () => string> = {
      'a file that is not there': () => inFolder('nowhere.mp3'),
      'an empty file': () => path.join(music, 'empty.ogg'),
      'a text named .mp3': () => path.join(music, 'lies.mp3'),
      '20 ms of sound': () => {
        ffmpeg('-f', 'lavfi', '-i', 'sine=440:duration=0.02', inFolder('blip.wav'));
        return inFolder('blip.wav');
      },
      'a playlist that names a local file': () => {
        writeFileSync(
          inFolder('list.m3u8'),
          `#EXTM3U\n#EXTINF:10,\n${path.join(music, 'piece-1.ogg')}\n#EXT-X-ENDLIST\n`,
        );
        return inFolder('list.m3u8');
      },
      'a concat script': () => {
        writeFileSync(inFolder('list.mp3'), `ffconcat version 1.0\nfile '${path.join(music, 'piece-1.ogg')}'\n`);
        return inFolder('list.mp3');
      },
      'a folder': () => music,
    };
    test.each(Object.entries(bad))('%s', async (_name, make) => {
      const { code, stdout, stderr } = await cli(['similar', make()]);
      expect(code).toBe(1);
      expect(stdout).toBe('');
      expect(stderr.trim().split('\n')).toHaveLength(1);
      expect(stderr).not.toMatch(/at .*\.ts:\d+|Error:/);
    });

    test.each([
      [['similar', 'x.mp3', '--from', '0:30', '--to', '0:10'], /expected --to after --from/],
      [['similar', 'x.mp3', '--fusion', 'magic'], /expected one of .*votes/],
      [['similar', 'x.mp3', '--from', 'soon'], /1:20/],
      [['similar'], /either a file, --plus or --text/],
      [['similar', 'x.mp3', '--text', 'x'], /either a file, --plus or --text/],
      [['similar', '--text', 'a slow waltz'], /model builtin.*npm run models -- get clap --text/],
      [['similar', '--text', 'a slow waltz', '--clips', 'x', '--from', '0:10'], /--text and --clips, --from/],
      [['library', 'remove', 'nobody.ogg'], /nobody\.ogg/],
      [['index', folder], /--replace-library/],
    ])('%j', async (args, words) => {
      const { code, stderr } = await cli(args);
      expect(code).toBe(1);
      expect(stderr).toMatch(words);
      expect(stderr).not.toMatch(/at .*\.ts:\d+/);
    });

    test('every bad variable at once', async () => {
      const { code, stderr } = await cli(['library', 'status'], { WINDOW_SEC: '99', NEIGHBOURS: 'x' });
      expect(code).toBe(1);
      expect(stderr).toMatch(/WINDOW_SEC[\s\S]*NEIGHBOURS/);
    });
  });

  test('searches with the readable part of a truncated recording', async () => {
    const file = inFolder('cut.mp3');
    writePiece(file, 2, 30);
    truncateSync(file, 200_000);
    const { code, stdout } = await cli(['similar', file]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/piece-2/);
  });

  test('refuses a missing folder', async () => {
    const { code, stderr } = await cli(['index', '/nowhere/at/all'], { INDEX_DIR: inFolder('another') });
    expect(code).toBe(1);
    expect(stderr).toMatch(/there is no such folder/);
  });

  test('names the index command when nothing is indexed', async () => {
    const { code, stderr } = await cli(['similar', path.join(music, 'piece-1.ogg')], { INDEX_DIR: inFolder('other') });
    expect(code).toBe(1);
    expect(stderr).toMatch(/npm run index -- DIR/);
  });

  test('shows the status, removes a track and verifies', async () => {
    expect((await cli(['library', 'verify'])).stdout).toMatch(/No problems found\./);
    expect((await cli(['library', 'verify', '--deep'])).stdout).toMatch(
      /No problems found in any vector or recording\./,
    );
    expect((await cli(['library', 'remove', 'piece-3.ogg'])).stdout).toMatch(/Removed piece-3\.ogg/);
    const { stdout } = await cli(['library', 'status'], { EMBEDDING_DEVICE: 'cpu' });
    expect(stdout).toMatch(/3 indexed, 2 failed, 1 removed/);
    expect(stdout).toMatch(/model +│ builtin .*windows of 10 s/);
    expect(stdout).toMatch(/device +│ cpu /);
  });

  test('restores a backup after an unwanted removal', async () => {
    const backup = await cli(['library', 'backup', inFolder('safe'), '--keep', '3']);
    expect(backup.stdout).toMatch(/Backed up 6 tracks to .*safe\/catalog-.*\.sqlite/);
    const file = /to (\S+\.sqlite)/.exec(backup.stdout)?.[1] ?? '';
    await cli(['library', 'remove', 'piece-1.ogg']);
    await cli(['index', music]);
    const piece = path.join(music, 'piece-1.ogg');
    expect((await cli(['similar', piece])).stdout).not.toMatch(/^This is piece-1/m);
    const restored = await cli(['library', 'restore', file]);
    expect(restored).toMatchObject({ code: 0 });
    expect(restored.stdout).toMatch(
      /The catalog has 6 tracks now[\s\S]*The previous catalog is in [\s\S]*now in use: 1\./,
    );
    expect((await cli(['similar', piece])).stdout).toMatch(/^This is piece-1/m);
    const refused = await cli(['library', 'restore', piece]);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toMatch(/^Cannot .*piece-1\.ogg/m);
  });

  test('restores a catalog that is no longer a database', async () => {
    const saved = await cli(['library', 'backup', inFolder('safe')]);
    const file = /to (\S+\.sqlite)/.exec(saved.stdout)?.[1] ?? '';
    writeFileSync(path.join(inFolder('index'), 'catalog.sqlite'), 'it was one'.repeat(10_000));
    const broken = await cli(['library', 'status']);
    expect(broken.code).toBe(1);
    expect(broken.stderr).toMatch(/Cannot read the catalog/);
    expect((await cli(['library', 'restore', file])).stdout).toMatch(/The catalog has 6 tracks now/);
    expect((await cli(['similar', path.join(music, 'piece-2.ogg')])).stdout).toMatch(/^This is piece-2/m);
    const tidied = await cli(['library', 'tidy']);
    expect(tidied.stdout).toMatch(/Deleted 0 expired answers[\s\S]*Deleted the vectors of 0 removed tracks/);
  });

  test.skipIf(existsSync('/dev/nvidiactl'))('reports a missing GPU at once', async () => {
    const cuda = { EMBEDDING_DEVICE: 'cuda' };
    const { code, stderr } = await cli(['similar', path.join(music, 'piece-1.ogg')], cuda);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^Cannot use EMBEDDING_DEVICE=cuda: .+ With EMBEDDING_DEVICE=auto/m);
    expect(stderr).not.toMatch(/at .*\.ts:\d+/);
    expect((await cli(['library', 'status'], cuda)).stdout).toMatch(/Cannot use EMBEDDING_DEVICE=cuda: /);
  });
});
