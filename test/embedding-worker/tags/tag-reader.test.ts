/** Tags of real-world files, read by the real tag process. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { TagReader } from '../../../embedding-worker/tags/tag-reader.ts';
import { makeTone } from '../../audio/make-audio.ts';
import { lives } from '../processes.ts';
import { encode } from './encode.ts';
import {
  apeV2,
  characterSet,
  chunk,
  type Frame,
  id3v1,
  id3v2,
  id3v22,
  listInfo,
  syncsafe,
  text,
  unsynchronised,
  withChunks,
  withComments,
} from './write-tags.ts';

const bare = ['-map_metadata', '-1', '-bitexact', '-id3v2_version', '0', '-write_id3v1', '0'];
const utf8 = (value: string): Buffer => Buffer.from(value, 'utf8');
const latin1 = (value: string): Buffer => Buffer.from(value, 'latin1');
const utf16 = (value: string): Buffer => Buffer.from(value, 'utf16le');
const none = { title: null, artist: null, album: null };

let folder: string;
let mp3: Buffer;
let wav: Buffer;
let flac: Buffer;
let aiff: Buffer;
/** Shared by most tests: one process each would take half of their time. */
let reader: TagReader;
let deaths: string[];

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'tags-'));
  const tone = async (name: string, options: readonly string[]): Promise<Buffer> =>
    readFileSync(await makeTone(path.join(folder, name), 2, options));
  mp3 = await tone('tone.mp3', bare);
  wav = await tone('tone.wav', ['-map_metadata', '-1', '-bitexact']);
  flac = await tone('tone.flac', ['-map_metadata', '-1']);
  aiff = await tone('tone.aiff', ['-map_metadata', '-1']);
  reader = new TagReader({ deadlineMs: 10_000, onDeath: (how) => void deaths.push(how) });
});
afterAll(async () => {
  const { pid } = reader;
  await reader.close();
  expect(pid !== undefined && lives(pid)).toBe(false);
  rmSync(folder, { recursive: true });
});
beforeEach(() => {
  deaths = [];
});

/** As in the worker: without an extension. */
function spooled(bytes: Buffer): string {
  const file = path.join(folder, crypto.randomUUID());
  writeFileSync(file, bytes);
  return file;
}

const read = (bytes: Buffer) => reader.read(spooled(bytes));

type Case = readonly [name: string, bytes: () => Buffer, tags: object];

const tagged = (frames: readonly Frame[], options?: Parameters<typeof id3v2>[1]) => () =>
  Buffer.concat([id3v2(frames, options), mp3]);

const cases: Readonly<Record<string, readonly Case[]>> = {
  'reads text in the encoding that it has': [
    ['Latin-1', tagged([['TIT2', text('Größe')]]), { title: 'Größe' }],
    ['UTF-16 with a mark', tagged([['TIT2', text('Дорога ☕', 1)]]), { title: 'Дорога ☕' }],
    ['UTF-16 without a mark', tagged([['TIT2', text(utf16('No mark'), 1)]]), { title: 'No mark' }],
    ['UTF-16BE', tagged([['TIT2', text('Žluťoučký', 2)]], { version: 4 }), { title: 'Žluťoučký' }],
    ['UTF-8 declared as Latin-1', tagged([['TIT2', text(utf8('kamení'), 0)]]), { title: 'kamení' }],
    ['Latin-1 declared as UTF-8', tagged([['TIT2', text(latin1('Größe'), 3)]], { version: 4 }), { title: 'Größe' }],
    [
      'Windows-1251 declared as Latin-1',
      tagged([
        ['TIT2', text(encode('Може, ти знайдеш', 'windows-1251'))],
        ['TPE1', text(encode('ФліТ', 'windows-1251'))],
      ]),
      { title: 'Може, ти знайдеш', artist: 'ФліТ' },
    ],
    [
      'quotes of Windows-1252',
      tagged([['TIT2', text(encode('“Heroes” – €', 'windows-1252'))]]),
      { title: '“Heroes” – €' },
    ],
    [
      'ID3v1 in Latin-1',
      () => Buffer.concat([mp3, id3v1(latin1('Ça ira'), latin1('Édith'))]),
      { title: 'Ça ira', artist: 'Édith' },
    ],
    [
      'ID3v1 in UTF-8',
      () => Buffer.concat([mp3, id3v1(utf8('Čas metat'), utf8('Žofie'))]),
      { title: 'Čas metat', artist: 'Žofie' },
    ],
    [
      'ID3v1 in UTF-8, cut off',
      () => Buffer.concat([mp3, id3v1(utf8('aěščřžýáíéěščřžý'), utf8('Žofie'))]),
      { title: 'aěščřžýáíéěščřž', artist: 'Žofie' },
    ],
    ['APEv2 in Latin-1', () => Buffer.concat([mp3, apeV2([['Title', latin1('Größe')]])]), { title: 'Größe' }],
    ['Vorbis comments in Latin-1', () => withComments(flac, [latin1('TITLE=Für Élise')]), { title: 'Für Élise' }],
    ['INFO in Latin-1', () => withChunks(wav, listInfo({ INAM: latin1('Für Elise') })), { title: 'Für Elise' }],
    ['INFO in UTF-8', () => withChunks(wav, listInfo({ INAM: utf8('Dvořák') })), { title: 'Dvořák' }],
    [
      'INFO in GB 18030',
      () => withChunks(wav, listInfo({ INAM: encode('月亮代表我的心', 'gb18030'), IART: encode('邓丽君', 'gb18030') })),
      { title: '月亮代表我的心', artist: '邓丽君' },
    ],
    [
      'INFO with a code page before it',
      () => withChunks(wav, characterSet(1250), listInfo({ INAM: encode('Dvořák', 'windows-1250') })),
      { title: 'Dvořák' },
    ],
    [
      'INFO with a code page behind it',
      () => withChunks(wav, listInfo({ INAM: encode('桜', 'shift_jis') }), characterSet(932)),
      { title: '桜' },
    ],
    [
      'INFO with a code page that nobody knows',
      () => withChunks(wav, characterSet(12), listInfo({ INAM: latin1('Größe') })),
      { title: 'Größe' },
    ],
    [
      'AIFF in Latin-1',
      () => withChunks(aiff, chunk('NAME', latin1('Größe'), true), chunk('AUTH', latin1('Édith'), true)),
      { title: 'Größe', artist: 'Édith' },
    ],
  ],
  'takes each field from the best tag that has it': [
    [
      'ID3v2, then APEv2, then ID3v1',
      () =>
        Buffer.concat([
          id3v2([['TALB', text('Album of ID3v2')]]),
          mp3,
          apeV2([
            ['Title', utf8('A title that is far longer than thirty characters')],
            ['Album', utf8('Album of APE')],
          ]),
          id3v1(latin1('A title that is far longer tha'), latin1('Artist of ID3v1')),
        ]),
      {
        title: 'A title that is far longer than thirty characters',
        artist: 'Artist of ID3v1',
        album: 'Album of ID3v2',
      },
    ],
    [
      'ID3v1 beside an ID3v2 with a genre alone',
      () =>
        Buffer.concat([id3v2([['TCON', text('House')]], { version: 4 }), mp3, id3v1(latin1('Bass'), latin1('Kemi'))]),
      { title: 'Bass', artist: 'Kemi' },
    ],
    [
      'ID3v1 beside an ID3v2 of blanks',
      () => Buffer.concat([id3v2([['TIT2', text('   ')]]), mp3, id3v1(latin1('Bass'), latin1('Kemi'))]),
      { title: 'Bass', artist: 'Kemi' },
    ],
    [
      'the first of two ID3v2',
      () =>
        Buffer.concat([
          id3v2([['TIT2', text('New')]]),
          id3v2([
            ['TIT2', text('Old')],
            ['TPE1', text('Artist')],
          ]),
          mp3,
        ]),
      { title: 'New', artist: 'Artist' },
    ],
    [
      'an id3 chunk before INFO',
      () =>
        withChunks(
          wav,
          listInfo({ INAM: latin1('Truncated ti'), IPRD: latin1('Album') }),
          chunk(
            'id3 ',
            id3v2([
              ['TIT2', text('Truncated title')],
              ['TPE1', text('č', 1)],
            ]),
          ),
        ),
      { title: 'Truncated title', artist: 'č', album: 'Album' },
    ],
    [
      'an ID3 chunk before the texts of AIFF',
      () =>
        withChunks(aiff, chunk('NAME', latin1('Short'), true), chunk('ID3 ', id3v2([['TIT2', text('Long')]]), true)),
      { title: 'Long' },
    ],
    [
      'Vorbis comments before an ID3v2 in front of them',
      () =>
        Buffer.concat([
          id3v2([
            ['TIT2', text('From ID3')],
            ['TALB', text('Album')],
          ]),
          withComments(flac, [utf8('title=From FLAC')]),
        ]),
      { title: 'From FLAC', album: 'Album' },
    ],
    [
      'tags at the end of an mp3 that begins with garbage',
      () => Buffer.concat([Buffer.alloc(70_000, 'error '), mp3, id3v1(latin1('Bass'), latin1('Kemi'))]),
      { title: 'Bass', artist: 'Kemi' },
    ],
    ['nothing where there is nothing', () => mp3, {}],
  ],
  'joins several artists': [
    ['separated by zeros, version 4', tagged([['TPE1', text('Ann\0Bob', 3)]], { version: 4 }), { artist: 'Ann, Bob' }],
    [
      'separated by zeros, version 3 in UTF-16',
      tagged([
        [
          'TPE1',
          text(Buffer.concat(['Ann', '\0', 'Bob'].map((part) => utf16(part === '\0' ? part : `\ufeff${part}`))), 1),
        ],
      ]),
      { artist: 'Ann, Bob' },
    ],
    [
      'in frames of their own',
      tagged([
        ['TPE1', text('Ann')],
        ['TPE1', text('Bob')],
      ]),
      { artist: 'Ann, Bob' },
    ],
    [
      'in comments of their own',
      () => withComments(flac, ['ARTIST=Ann', 'artist=Bob', 'Artist=Cy'].map(utf8)),
      { artist: 'Ann, Bob, Cy' },
    ],
    ['separated by semicolons', tagged([['TPE1', text('Ann; Bob;Cy')]]), { artist: 'Ann, Bob, Cy' }],
    ['in APEv2', () => Buffer.concat([mp3, apeV2([['Artist', utf8('Ann\0Bob')]])]), { artist: 'Ann, Bob' }],
    ['and names none twice', tagged([['TPE1', text('Ann\0Ann', 3)]], { version: 4 }), { artist: 'Ann' }],
    ['and leaves a name with a slash whole', tagged([['TPE1', text('AC/DC')]]), { artist: 'AC/DC' }],
    ['and names the album’s where there is none', tagged([['TPE2', text('Band')]]), { artist: 'Band' }],
    [
      'and prefers a track’s of a lesser tag to the album’s',
      () => Buffer.concat([id3v2([['TPE2', text('Band')]]), mp3, id3v1(latin1('T'), latin1('Ann'))]),
      { artist: 'Ann', title: 'T' },
    ],
    ['and the album’s of a comment', () => withComments(flac, [utf8('ALBUMARTIST=Band')]), { artist: 'Band' }],
  ],
  'reads ID3v2 as it was written': [
    [
      'version 2',
      () =>
        Buffer.concat([
          id3v22([
            ['TT2', text('Two')],
            ['TP1', text('Old')],
          ]),
          mp3,
        ]),
      { title: 'Two', artist: 'Old' },
    ],
    [
      'ids of version 2 in version 3',
      tagged([
        ['TT2\0', text('Gnu')],
        ['TP1\0', text('Flanders')],
      ]),
      { title: 'Gnu', artist: 'Flanders' },
    ],
    [
      'unsynchronised, version 4',
      tagged(
        [
          ['TIT2', text(latin1('\xff\0þ'))],
          ['TPE1', text('Us')],
        ],
        { version: 4, flags: 0x80 },
      ),
      { title: 'ÿþ', artist: 'Us' },
    ],
    [
      'unsynchronised, version 3',
      () =>
        Buffer.concat([
          unsynchronised(
            id3v2([
              ['TIT2', text('Ünsync', 1)],
              ['TPE1', text('Us')],
            ]),
          ),
          mp3,
        ]),
      { title: 'Ünsync', artist: 'Us' },
    ],
    [
      'sizes as iTunes wrote them',
      tagged(
        [
          ['TIT2', text('L'.repeat(200), 3)],
          ['TPE1', text('Big', 3)],
        ],
        { version: 4, plainSizes: true },
      ),
      { title: 'L'.repeat(200), artist: 'Big' },
    ],
    ['equals signs in a value', () => withComments(flac, [utf8('TITLE=E=mc2 = yes')]), { title: 'E=mc2 = yes' }],
  ],
};

for (const [group, list] of Object.entries(cases)) {
  describe(group, () => {
    test.each(list)('%s', async (_name, bytes, tags) => {
      expect(await read(bytes())).toEqual({ ...none, ...tags });
      expect(deaths).toEqual([]);
    });
  });
}

describe('the tag reader is not blocked', () => {
  const comment = (size: number): Frame => ['COMM', Buffer.concat([latin1('\0eng\0'), Buffer.alloc(size, 'la ')])];
  const many = (): Buffer => {
    const frame = Buffer.concat([latin1('TXXX'), Buffer.from([0, 0, 0, 40, 0, 0]), Buffer.alloc(40, 'x')]);
    const body = Buffer.concat([...Array<Buffer>(200_000).fill(frame), id3v2([['TIT2', text('Behind')]]).subarray(10)]);
    return Buffer.concat([latin1('ID3'), Buffer.from([3, 0, 0]), syncsafe(body.length), body, mp3]);
  };

  const large: readonly Case[] = [
    ['200,000 frames', many, { title: 'Behind' }],
    [
      'a title of 20 MB of line feeds',
      tagged([
        ['TIT2', text(Buffer.alloc(20_000_000, '\n'))],
        ['TPE1', text('Ann')],
      ]),
      { artist: 'Ann' },
    ],
    ['a comment of 6 MB', tagged([comment(6_000_000), ['TIT2', text('Behind')]]), { title: 'Behind' }],
    ['padding of 10 MB', tagged([['TIT2', text('Padded')]], { padding: 10_000_000 }), { title: 'Padded' }],
    ['an artist of 100,000 names', tagged([['TPE1', text('a;'.repeat(100_000))]]), { artist: 'a' }],
  ];
  test.each(large)('by %s', async (_name, bytes, tags) => {
    await reader.start();
    const file = spooled(bytes());
    const startedAt = performance.now();
    expect(await reader.read(file)).toEqual({ ...none, ...tags });
    // 20 ms on an idle machine; the worker allows 2 s.
    expect(performance.now() - startedAt).toBeLessThan(2_000);
    expect(deaths).toEqual([]);
  });

  test('by a list of four thousand million comments: the process is ended, and another reads the next file', async () => {
    const endless = withComments(flac, [utf8('TITLE=Endless')]);
    endless.writeUInt32LE(0xffffffff, endless.indexOf('TITLE=') - 8);
    const impatient = new TagReader({ deadlineMs: 1_000, onDeath: (how) => void deaths.push(how) });
    try {
      await impatient.start();
      const first = impatient.pid;
      const [hostile, good] = await Promise.all(
        [endless, tagged([['TIT2', text('Good')]])()].map((bytes) => impatient.read(spooled(bytes))),
      );
      expect(hostile?.title ?? null).toBeNull();
      expect(good?.title).toBe('Good');
      if (deaths.length > 0) expect(impatient.pid).not.toBe(first);
    } finally {
      await impatient.close();
    }
  });

  test('by a process that hangs: its file has no tags, and another reads the next file', async () => {
    const impatient = new TagReader({ deadlineMs: 500, onDeath: (how) => void deaths.push(how) });
    try {
      await impatient.start();
      process.kill(impatient.pid as number, 'SIGSTOP');
      const good = tagged([['TIT2', text('Good')]])();
      expect(await impatient.read(spooled(good))).toBeNull();
      expect(deaths).toEqual(['it was late']);
      await impatient.start();
      expect((await impatient.read(spooled(good)))?.title).toBe('Good');
    } finally {
      await impatient.close();
    }
  });

  test('by a killed process, a missing file, or a named pipe', async () => {
    await reader.start();
    process.kill(reader.pid as number, 'SIGKILL');
    expect((await read(tagged([['TIT2', text('Good')]])()))?.title ?? null).toSatisfy(
      (title) => title === null || title === 'Good',
    );
    expect(await reader.read(path.join(folder, 'gone'))).toBeNull();
    expect((await read(tagged([['TIT2', text('Good')]])()))?.title).toBe('Good');
  });

  test('after it was closed', async () => {
    const closed = new TagReader({ deadlineMs: 10_000 });
    await closed.start();
    const pid = closed.pid as number;
    await closed.close();
    expect(lives(pid)).toBe(false);
    expect(await closed.read(spooled(mp3))).toBeNull();
  });
});
