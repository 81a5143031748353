import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { beginsAsText, sniffedBytes } from '../../src/fetch/fetch-audio.ts';
import { writePiece } from '../support/pieces.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'sniff-test-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const utf16 = (text: string) => Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(text, 'utf16le')]);

describe('the first bytes', () => {
  test.each([
    ['HTML', Buffer.from('<!DOCTYPE html><html lang="de"><title>Käse</title>')],
    ['JSON', Buffer.from('{"error": "not found"}\r\n')],
    ['a playlist', Buffer.from('#EXTM3U\n#EXTINF:123,Sample\nhttp://a/b.mp3\n')],
    ['one letter', Buffer.from('x')],
    ['HTML in UTF-16', utf16('<html>')],
  ])('of %s are text', (_what, head) => expect(beginsAsText(head)).toBe(true));

  test.each(['mp3', 'ogg', 'opus', 'flac', 'wav', 'm4a', 'aac', 'mka', 'aiff', 'wma'])(
    'of a real %s are not text',
    (ending) => {
      const bytes = readFileSync(writePiece(path.join(folder, `piece.${ending}`), 1, 2));
      expect(beginsAsText(bytes.subarray(0, sniffedBytes))).toBe(false);
    },
  );

  test('of an mp3 without tags are not text', () => {
    const bytes = readFileSync(
      writePiece(path.join(folder, 'bare.mp3'), 2, 2, ['-id3v2_version', '0', '-write_xing', '0']),
    );
    expect(beginsAsText(bytes.subarray(0, sniffedBytes))).toBe(false);
  });

  test('of an empty file are not text: the worker refuses it', () => expect(beginsAsText(Buffer.of())).toBe(false));
});
