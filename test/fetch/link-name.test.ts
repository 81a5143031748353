import { expect, test } from 'vitest';
import { nameOfLink } from '../../src/fetch/fetch-audio.ts';

const name = (link: string, disposition?: string) => nameOfLink(new URL(link), disposition);

test.each([
  [
    'the last part of the link',
    'https://a.example/music/Nocturne%20in%20E.mp3?token=secret',
    undefined,
    'Nocturne in E.mp3',
  ],
  ['letters of any language', 'https://a.example/%E5%A4%9C%E6%9B%B2.flac', undefined, '夜曲.flac'],
  ['the header before the link', 'https://a.example/download', 'attachment; filename="Für Elise.mp3"', 'Für Elise.mp3'],
  [
    "the header's long form",
    'https://a.example/x',
    "attachment; filename*=UTF-8''F%C3%BCr%20Elise.mp3",
    'Für Elise.mp3',
  ],
  ['the link when the header is broken', 'https://a.example/song.ogg', 'attachment; filename="', 'song.ogg'],
  ['the file name without folders', 'https://a.example/x', 'attachment; filename="../../etc/passwd"', 'passwd'],
  [
    'the file name without Windows folders',
    'https://a.example/x',
    'attachment; filename="C:\\\\Temp\\\\a.mp3"',
    'a.mp3',
  ],
  ['one line without control characters', 'https://a.example/a%0A%1B[31mb.mp3', undefined, 'a [31mb.mp3'],
  ['letters without direction marks', 'https://a.example/%E2%80%AE3pm.exe', undefined, '3pm.exe'],
  ['the raw text when it cannot be decoded', 'https://a.example/100%.mp3', undefined, '100%.mp3'],
  ['no name when the link has none', 'https://a.example/', undefined, null],
])('names a fetched file by %s', (_what, link, disposition, expected) => {
  expect(name(link, disposition)).toBe(expected);
});

test('cuts a long name', () => {
  expect(name(`https://a.example/${'x'.repeat(5000)}.mp3`)).toHaveLength(120);
});
