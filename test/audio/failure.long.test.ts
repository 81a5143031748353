/** Failures of ffmpeg are classified by its error lines, never by text that the author of a file could write. */
import { execFile } from 'node:child_process';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { checkFfmpeg } from '../../src/audio/capabilities.ts';
import { cutClips } from '../../src/audio/clip.ts';
import { failureOf, isDiskFull } from '../../src/audio/failure.ts';
import { errorLinesOf, StderrReader } from '../../src/audio/stderr.ts';
import { decodeAll } from './decode-all.ts';
import { limits, makeSound, makeTempDir, never, type TempDir } from './make-audio.ts';

const run = promisify(execFile);

let dir: TempDir;
beforeAll(async () => {
  dir = await makeTempDir();
});
afterAll(() => dir[Symbol.asyncDispose]());

/** Similar to music, so that every block of a lossless codec has data to damage. */
const noisy = 'anoisesrc=d=10:a=0.3:seed=3:r=44100';
const codeOf = (file: string) =>
  decodeAll(file).then(
    () => 'none',
    ({ code }) => code,
  );

async function damaged(name: string, encoding: readonly string[], damage: (bytes: Buffer) => Buffer): Promise<string> {
  const whole = await makeSound(dir.file(`whole-${name}`), noisy, encoding);
  await writeFile(dir.file(name), damage(await readFile(whole)));
  return dir.file(name);
}

describe('reports a file that opens but cannot be decoded as unreadable, and never as a fault of ffmpeg', () => {
  const noise = (bytes: Buffer) => {
    const copy = Buffer.from(bytes);
    for (let i = Math.floor(copy.length * 0.12); i < copy.length; i += 1) copy[i] = (i * 7919) & 255;
    return copy;
  };
  const ways: [name: string, encoding: string[], damage: (bytes: Buffer) => Buffer][] = [
    ['head-only.flac', [], (bytes) => bytes.subarray(0, 8800)],
    ['noise.flac', [], noise],
    ['noise.tta', ['-c:a', 'tta'], noise],
    ['noise.wv', ['-c:a', 'wavpack'], noise],
    ['noise.ogg', ['-c:a', 'libvorbis'], noise],
    ['alac.m4a', ['-c:a', 'alac'], noise],
    [
      'head-only.m4a',
      ['-c:a', 'aac', '-movflags', '+faststart'],
      (bytes) => bytes.subarray(0, bytes.indexOf('mdat') + 304),
    ],
  ];
  test.each(ways)('%s', async (name, encoding, damage) => {
    const file = await damaged(name, encoding, damage);
    expect(['audio-unreadable', 'audio-no-sound', 'none']).toContain(await codeOf(file));
  });

  test('a FLAC file that yields no sample', async () => {
    expect(await codeOf(dir.file('head-only.flac'))).toBe('audio-unreadable');
  });
});

describe('error words of ffmpeg', () => {
  const words = ['No space left on device', 'Cannot allocate memory', 'Permission denied', 'Format not on whitelist'];

  test.each(words)('are ignored in tags, descriptions and file names: %s', async (text) => {
    const tagged = ['-metadata', `title=x: ${text}`, '-metadata', `artist=[error] x: ${text}`];
    const whole = await makeSound(dir.file(`${text}.flac`), noisy, tagged);
    expect(await codeOf(whole)).toBe('none');
    const broken = dir.file(`broken: ${text}`);
    await writeFile(broken, (await readFile(whole)).subarray(0, 9000));
    expect(await codeOf(broken)).toBe('audio-unreadable');
    const tinyName = dir.file(`two\n[error] x: ${text}`);
    await writeFile(tinyName, 'not audio at all '.repeat(200));
    expect(await codeOf(tinyName)).toBe('audio-unreadable');
  });

  test('in a file name do not turn a failed clip into a full disk', async () => {
    const path = dir.file('x\n[error] y: No space left on device');
    await writeFile(path, 'not audio at all '.repeat(200));
    const source = { path, startSec: 0, durationSec: 1, loudnessDb: -20 };
    const output = { path: dir.file('clip.mp3'), tags: { title: 't', artist: null, comment: 'c' } };
    const cutting = cutClips([{ source, output }], { limits, signal: never });
    await expect(cutting).rejects.toMatchObject({ code: 'audio-unreadable' });
  });

  test('are read only from lines marked as errors, without file names, and also from a truncated line', () => {
    const name = `file:/music/[error] a: No space left on device\n[error] b: No space left on device ${'c'.repeat(200)}`;
    const printed = [
      '[info] Input #0, flac, from x: No space left on device',
      `[error] ${name}: Invalid data found when processing input`,
      `[error] ${name.slice(0, 120)}`,
      '[flac @ 0x55badd0c7e40] [warning] Cannot allocate memory',
      '[flac @ 0x55badd0c7e40] [error] invalid residual',
    ].join('\n');
    expect(errorLinesOf(printed, [name])).toEqual([
      '<file>: Invalid data found when processing input',
      '<file>',
      '[flac @ 0x55badd0c7e40] invalid residual',
    ]);
  });

  test('are found at the end of a flood of lines', () => {
    const lines: string[] = [];
    const reader = new StderrReader((line) => lines.push(line));
    const flood = `${'x'.repeat(100_000)}\n`;
    for (let i = 0; i < 20; i += 1) reader.read(Buffer.from(flood));
    reader.read(Buffer.from('[error] a: Permission denied\n'));
    expect(Math.max(...lines.map(({ length }) => length))).toBeLessThan(5000);
    const exit = { ok: false, exitCode: 1, stderr: reader.tail, errors: errorLinesOf(reader.tail, []) };
    expect(failureOf(exit).code).toBe('file-unreadable');
    expect(isDiskFull(exit)).toBe(false);
  });
});

describe('checks the capabilities of ffmpeg', () => {
  /** Puts a script before the real ffmpeg that changes its arguments. */
  async function withFfmpeg(script: string, check: () => Promise<void>): Promise<void> {
    const bin = dir.file(`bin-${script.length}`);
    await mkdir(bin, { recursive: true });
    await writeFile(`${bin}/ffmpeg`, `#!/bin/sh\nPATH=\${PATH#*:}\n${script}\n`);
    await chmod(`${bin}/ffmpeg`, 0o755);
    const before = process.env.PATH;
    process.env.PATH = `${bin}:${before}`;
    try {
      await check();
    } finally {
      process.env.PATH = before;
    }
  }

  test('once, and finds them all in the ffmpeg of this machine', async () => {
    await checkFfmpeg(limits, never);
  });

  test('and reports an ffmpeg without chromaprint as unsuitable', async () => {
    await withFfmpeg('exec ffmpeg -h muxer=no_such_muxer', async () => {
      const missing = { code: 'tool-missing', message: expect.stringContaining('chromaprint') };
      await expect(checkFfmpeg(limits, never)).rejects.toMatchObject(missing);
    });
  });

  test('and reports a missing ffmpeg', async () => {
    await withFfmpeg('exit 127', async () => {
      const missing = { code: 'tool-missing', message: expect.stringContaining('not installed') };
      await expect(checkFfmpeg(limits, never)).rejects.toMatchObject(missing);
    });
  });
});

test('reports a full disk also when ffmpeg exits with success', async () => {
  const sound = await makeSound(dir.file('sound.flac'), noisy);
  const args = ['-nostdin', '-hide_banner', '-loglevel', 'level+error', '-y', '-i', sound, '-f', 'mp3', '/dev/full'];
  const { stderr } = await run('ffmpeg', args).catch((error: { stderr: string }) => error);
  expect(isDiskFull({ ok: true, exitCode: 0, stderr, errors: errorLinesOf(stderr, ['/dev/full']) })).toBe(true);
});
