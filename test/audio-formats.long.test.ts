/** The table of formats compared with the ffmpeg of this machine, with Discord's attachments, and with real files. */
import { execFile } from 'node:child_process';
import { copyFileSync, mkdirSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { audioDecoders, audioDemuxers, audioExtensions, audioFormats } from '../src/audio-formats.ts';
import { summaryText } from '../src/cli/index-command.ts';
import { FolderLibrary } from '../src/library/folder.ts';
import { decodeAll } from './audio/decode-all.ts';
import { ffmpeg, makeTempDir, type TempDir } from './audio/make-audio.ts';
import { Bench } from './indexing/helpers.ts';

const run = promisify(execFile);

let dir: TempDir;
let source: string;
beforeAll(async () => {
  dir = await makeTempDir();
  source = dir.file('source.wav');
  await ffmpeg('-f', 'lavfi', '-i', 'sine=440:d=8:r=44100', '-ac', '2', source);
});
afterAll(() => dir[Symbol.asyncDispose]());

async function namesOf(option: string): Promise<Set<string>> {
  const { stdout } = await run('ffmpeg', ['-hide_banner', option], { maxBuffer: 1e7 });
  return new Set(stdout.split('\n').flatMap((line) => (line.trim().split(/\s+/)[1] ?? '').split(',')));
}

describe('the table of formats', () => {
  test('names demuxers and decoders of this ffmpeg, at least one for each format', async () => {
    const [demuxers, decoders] = [await namesOf('-demuxers'), await namesOf('-decoders')];
    expect(audioDemuxers.filter((name) => !demuxers.has(name))).toEqual([]);
    const without = audioFormats.filter((format) => !format.decoders.some((name) => decoders.has(name)));
    expect(without).toEqual([]);
    // Names of other versions of ffmpeg, and of builds with other libraries.
    const elsewhere = ['adpcm_g722', 'g726', 'adpcm_g726', 'atrac3p', 'atrac3pal', 'ra_144', 'ra_288'];
    expect(audioDecoders.filter((name) => !decoders.has(name) && !elsewhere.includes(name))).toEqual([]);
  });

  test('contains no playlist, score or raw format', () => {
    const never = [
      'hls',
      'dash',
      'concat',
      'image2',
      'lavfi',
      'sdp',
      'rtsp',
      'libopenmpt',
      'libgme',
      's16le',
      'rawvideo',
    ];
    expect(never.filter((name) => audioDemuxers.includes(name))).toEqual([]);
  });

  test('accepts every extension that Discord accepts for audio', () => {
    const audio = ['mp3', 'm4a', 'wav', 'ogg', 'opus', 'flac'];
    const video = ['mp4', 'mov', 'webm'];
    const named = ['aac', 'aif', 'aiff', 'wma', 'amr'];
    expect([...audio, ...video, ...named].filter((name) => !audioExtensions.has(name))).toEqual([]);
  });

  test('accepts the common extensions of music', () => {
    const wanted =
      'dsf dff flv eac3 ts m2ts bwf mk3d mka amr tta mpg dts wv ape mpc shn tak oma ra w64 caf au 3gp mkv avi';
    expect(wanted.split(' ').filter((name) => !audioExtensions.has(name))).toEqual([]);
  });
});

describe('reads', () => {
  const coded: [name: string, encoding: string[]][] = [
    ['dts.mka', ['-c:a', 'dca', '-strict', '-2']],
    ['raw.dts', ['-c:a', 'dca', '-strict', '-2', '-f', 'dts']],
    ['truehd.mka', ['-c:a', 'truehd', '-strict', '-2', '-ar', '48000']],
    ['mlp.mka', ['-c:a', 'mlp', '-strict', '-2', '-ar', '48000']],
    ['raw.eac3', ['-c:a', 'eac3', '-f', 'eac3']],
    ['raw.ac3', ['-c:a', 'ac3']],
    ['gsm.wav', ['-c:a', 'libgsm_ms', '-ar', '8000', '-ac', '1']],
    ['g722.wav', ['-c:a', 'g722', '-ar', '16000', '-ac', '1']],
    ['yamaha.wav', ['-c:a', 'adpcm_yamaha']],
    ['swf.wav', ['-c:a', 'adpcm_swf']],
    ['ima.wav', ['-c:a', 'adpcm_ima_wav']],
    ['s64.wav', ['-c:a', 'pcm_s64le']],
    ['program.mpg', ['-c:a', 'mp2', '-f', 'mpeg']],
    ['dvd.vob', ['-c:a', 'pcm_dvd', '-ar', '48000', '-f', 'vob']],
    ['transport.ts', ['-c:a', 'mp2', '-f', 'mpegts']],
    ['bluray.m2ts', ['-c:a', 'pcm_bluray', '-ar', '48000', '-f', 'mpegts']],
    ['s302m.ts', ['-c:a', 's302m', '-strict', '-2', '-ar', '48000', '-f', 'mpegts']],
    ['latm.aac', ['-c:a', 'aac', '-f', 'latm']],
    ['flash.flv', ['-c:a', 'nellymoser', '-ar', '22050', '-ac', '1']],
    ['real.rm', ['-c:a', 'real_144', '-ar', '8000', '-ac', '1']],
    ['sound.voc', []],
    ['true.tta', ['-c:a', 'tta']],
  ];
  test.each(coded)('%s', async (name, encoding) => {
    const file = dir.file(name);
    await ffmpeg('-i', source, ...encoding, file);
    // As in the worker: without its name.
    copyFileSync(file, dir.file('nameless'));
    expect(Math.abs((await decodeAll(dir.file('nameless'))).decodedSec - 8)).toBeLessThan(0.2);
  });

  test('and names the container and codec of a refused file', async () => {
    await ffmpeg('-i', source, '-c:a', 'sonic', '-strict', '-2', dir.file('sonic.mka'));
    const codec = { code: 'audio-refused', message: expect.stringContaining('(container matroska,webm, codec sonic)') };
    await expect(decodeAll(dir.file('sonic.mka'))).rejects.toMatchObject(codec);
    writeFileSync(dir.file('list.mp3'), "ffconcat version 1.0\nfile 'a.wav'\n");
    const container = { code: 'audio-refused', message: expect.stringContaining('(container concat)') };
    await expect(decodeAll(dir.file('list.mp3'))).rejects.toMatchObject(container);
  });
});

describe('a folder', () => {
  test('lists a file without an extension that starts like a recording, and counts skipped files', async () => {
    const bench = new Bench();
    const put = (name: string, bytes: string | Buffer) => writeFileSync(path.join(bench.music, name), bytes);
    for (const name of ['a.mp3', 'b.DSF', 'c.m2ts', 'd.mk3d']) put(name, `content of ${name}`);
    put('no ending', 'fLaC and what follows');
    put('Vol. 2 of it', Buffer.from([0xff, 0xfb, 0x90, 0x64]));
    put('README', 'Read me');
    put('cover.jpg', 'jpg');
    put('back.JPG', 'jpg');
    put('album.cue', 'cue');
    put('.hidden', 'fLaC');
    mkdirSync(path.join(bench.music, 'scans'));
    put('scans/page.png', 'png');
    const summary = await bench.run();
    expect(summary.files).toMatchObject({ listed: 6, embedded: 6 });
    expect({ ...summary.passedOver }).toEqual({ jpg: 2, cue: 1, png: 1, '': 1 });
    expect(summaryText(summary)).toContain('5 files skipped');
    expect(summaryText(summary)).toMatch(/: 2 jpg, 1 without an extension, 1 cue, 1 png\./);
  });

  test('refuses an oversized file before reading it', async () => {
    const folder = dir.file('large');
    mkdirSync(folder);
    writeFileSync(path.join(folder, 'sparse.wav'), '');
    truncateSync(path.join(folder, 'sparse.wav'), 2 ** 40);
    const library = new FolderLibrary(folder, { bytesMax: 2e9 });
    const listed = await library.look('sparse.wav');
    if (!listed) throw new Error('not listed');
    await expect(library.take(listed)).rejects.toMatchObject({ code: 'audio-too-large' });
  });
});
