/** Hostile files from a seed: damaged, truncated, mixed, with false headers, with tags that are slow to
 *  read. The same seed gives the same bytes with the same ffmpeg. */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { seededRandom } from '../../src/io/random.ts';
import { ffmpeg } from '../audio/make-audio.ts';
import {
  commentFrame,
  lineBreaks,
  manyFrames,
  textFrame,
  withComments,
  withId3,
  withInfo,
} from '../audio/tag-bombs.ts';

const encodings: readonly (readonly [ending: string, encoding: readonly string[]])[] = [
  ['mp3', ['-id3v2_version', '0', '-write_xing', '0']],
  ['flac', []],
  ['wav', ['-bitexact']],
  ['float.wav', ['-c:a', 'pcm_f32le']],
  ['ogg', ['-c:a', 'libvorbis']],
  ['opus', ['-c:a', 'libopus']],
  ['m4a', ['-c:a', 'aac', '-movflags', '+faststart']],
  ['alac.m4a', ['-c:a', 'alac']],
  ['mka', ['-c:a', 'ac3']],
  ['tta', ['-c:a', 'tta']],
  ['wv', ['-c:a', 'wavpack']],
  ['wma', ['-c:a', 'wmav2']],
  ['aiff', []],
  ['avi', ['-c:a', 'libmp3lame']],
  ['ts', ['-c:a', 'mp2', '-f', 'mpegts']],
  ['mpg', ['-c:a', 'mp2', '-f', 'mpeg']],
];

type Random = () => number;
type Base = readonly [ending: string, bytes: Buffer];

const damages: readonly ((base: Base, others: readonly Base[], random: Random) => Buffer)[] = [
  ([, bytes], _, random) => bytes.subarray(0, 1 + Math.floor(random() * bytes.length)),
  ([, bytes], _, random) => Buffer.from(bytes).fill(0, Math.floor(random() * bytes.length)),
  ([, bytes], _, random) => noise(Buffer.from(bytes), random, random() * 0.3, 0.6 + random() * 0.4),
  // One byte in a thousand, from the first byte on.
  ([, bytes], _, random) => flips(Buffer.from(bytes), random, bytes.length, bytes.length / 1000),
  // Lengths, counts and offsets.
  ([, bytes], _, random) => flips(Buffer.from(bytes), random, 600, 1 + random() * 20),
  ([, bytes], _, random) => sizes(Buffer.from(bytes), random),
  ([, bytes], others, random) => {
    const other = others[Math.floor(random() * others.length)]?.[1] ?? bytes;
    return Buffer.concat([bytes.subarray(0, Math.floor(random() * 3000)), other]);
  },
  ([, bytes], others, random) => Buffer.concat([bytes, others[Math.floor(random() * others.length)]?.[1] ?? bytes]),
  ([, bytes], _, random) => noise(Buffer.from(bytes), random, 0, 1),
];

/** Rarely chosen, because these are the largest. */
const bombs: readonly ((
  bases: ReadonlyMap<string, Buffer>,
  random: Random,
) => readonly [ending: string, bytes: Buffer])[] = [
  (bases) => ['mp3', withId3(of(bases, 'mp3'), manyFrames(100_000))],
  (bases) => ['mp3', withId3(of(bases, 'mp3'), [['TIT2', Buffer.concat([Buffer.from([3]), lineBreaks(1e7)])]])],
  (bases) => [
    'mp3',
    withId3(of(bases, 'mp3'), [textFrame('TIT2', 'x: No space left on device'), commentFrame('la\n'.repeat(1e6))]),
  ],
  (bases) => ['flac', withComments(of(bases, 'flac'), Array(100_000).fill('KEY=value'))],
  (bases) => ['wav', withInfo(of(bases, 'wav'), [['INAM', lineBreaks(1e7)]])],
  (bases) => [
    'wav',
    withInfo(
      of(bases, 'wav'),
      Array.from({ length: 50_000 }, (_, i) => ['ICMT', Buffer.from(`${i}\n[error] x`)]),
    ),
  ],
  () => ['mp3', Buffer.from(`#EXTM3U\n${'file:///etc/passwd\n'.repeat(1000)}`)],
  () => ['wav', Buffer.from('ffconcat version 1.0\nfile /etc/passwd\n')],
  () => ['mp3', Buffer.alloc(3_000_000, 0xff)],
  (_, random) => ['ogg', noise(Buffer.from(`OggS${'\0'.repeat(200_000)}`), random, 0.001, 1)],
];

function of(bases: ReadonlyMap<string, Buffer>, ending: string): Buffer {
  return bases.get(ending) ?? Buffer.alloc(0);
}

function noise(bytes: Buffer, random: Random, from: number, to: number): Buffer {
  const head = from === 0 ? 4 : 0;
  for (let i = Math.floor(bytes.length * from) + head; i < bytes.length * to; i += 1)
    bytes[i] = Math.floor(random() * 256);
  return bytes;
}

function flips(bytes: Buffer, random: Random, within: number, count: number): Buffer {
  for (let i = 0; i < count; i += 1)
    bytes[Math.floor(random() * Math.min(within, bytes.length))] = Math.floor(random() * 256);
  return bytes;
}

/** Sets a few four-byte words to their largest or smallest value. */
function sizes(bytes: Buffer, random: Random): Buffer {
  const values = [0, 1, 0x7fffffff, 0x80000000, 0xffffffff];
  for (let i = 0; i < 6; i += 1) {
    const at = 4 + Math.floor(random() * Math.min(800, bytes.length - 8));
    bytes.writeUInt32BE(values[Math.floor(random() * values.length)] ?? 0, at);
  }
  return bytes;
}

/** @returns paths, `count` of them */
export async function writeHostileFiles(
  folder: string,
  workFolder: string,
  seed: number,
  count: number,
): Promise<string[]> {
  const random = seededRandom(seed);
  const bases: Base[] = [];
  for (const [ending, encoding] of encodings) {
    const file = path.join(workFolder, `base.${ending}`);
    const source = `aevalsrc=0.4*sin(2*PI*(200+${bases.length}*20)*t)*(0.6+0.4*sin(3*t))+0.02*random(1):d=15:s=44100`;
    await ffmpeg('-f', 'lavfi', '-i', source, ...encoding, file);
    bases.push([ending, readFileSync(file)]);
  }
  const byEnding = new Map(bases);
  return Array.from({ length: count }, (_, i) => {
    const [ending, bytes] = i % 10 === 9 ? bomb(byEnding, random, i) : damaged(bases, random, i);
    const file = path.join(folder, `${String(i).padStart(4, '0')}.${ending}`);
    writeFileSync(file, bytes);
    return file;
  });
}

function bomb(bases: ReadonlyMap<string, Buffer>, random: Random, i: number): readonly [string, Buffer] {
  return bombs[Math.floor(i / 10) % bombs.length]?.(bases, random) ?? ['mp3', Buffer.alloc(0)];
}

function damaged(bases: readonly Base[], random: Random, i: number): readonly [string, Buffer] {
  const base = bases[Math.floor(random() * bases.length)] ?? (['mp3', Buffer.alloc(0)] as const);
  return [base[0], damages[i % damages.length]?.(base, bases, random) ?? base[1]];
}
