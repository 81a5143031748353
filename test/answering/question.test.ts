import { describe, expect, test } from 'vitest';
import { readPart } from '../../src/answering/question.ts';
import { sourcesInMessage } from '../../src/discord/queries/message-audio.ts';

describe('the part of a query', () => {
  test('accepts times as users write them', () => {
    expect(readPart(null, null)).toEqual({ fromSec: null, toSec: null });
    expect(readPart('1:20', '1:50')).toEqual({ fromSec: 80, toSec: 110 });
    expect(readPart(' 80 ', null)).toEqual({ fromSec: 80, toSec: null });
  });

  test('must be times, and end after its start', () => {
    const failing = (problem: string) =>
      expect.objectContaining({ code: 'bad-request', facts: expect.objectContaining({ problem }) });
    expect(() => readPart('soon', null)).toThrow(failing('time-unreadable'));
    expect(() => readPart('1:75', null)).toThrow(failing('time-unreadable'));
    expect(() => readPart('-5', null)).toThrow(failing('time-unreadable'));
    expect(() => readPart('2:00', '1:00')).toThrow(failing('to-before-from'));
    expect(() => readPart(null, '0')).toThrow(failing('to-before-from'));
  });
});

describe('the audio of a message', () => {
  const file = (name: string, contentType: string | null) => ({ url: `https://x/${name}`, name, size: 1, contentType });
  const message = (content: string, ...files: ReturnType<typeof file>[]) => ({
    content,
    attachments: new Map(files.map((each) => [each.name, each])),
  });

  test('is its attachments with a sound type, before any link', () => {
    const files = [
      file('a.mp3', 'audio/mpeg'),
      file('b.png', 'image/png'),
      file('c', null),
      file('d.mp4', 'video/mp4'),
    ];
    const found = sourcesInMessage(message('https://example.org/x.mp3', ...files));
    expect(found.map((asked) => ('name' in asked ? asked.name : asked.url))).toEqual(['a.mp3', 'c', 'd.mp4']);
  });

  test('is otherwise its links, each once, as users write them', () => {
    const text = 'listen: <https://a.example/1.mp3>, or (https://b.example/2.mp3). Again https://a.example/1.mp3!';
    expect(sourcesInMessage(message(text)).map(({ url }) => url)).toEqual([
      'https://a.example/1.mp3',
      'https://b.example/2.mp3',
    ]);
    expect(sourcesInMessage(message('no link, http:// neither'))).toEqual([]);
  });

  test('is at most ten', () => {
    const files = Array.from({ length: 12 }, (_, i) => file(`${i}.mp3`, 'audio/mpeg'));
    expect(sourcesInMessage(message('', ...files))).toHaveLength(10);
  });
});
