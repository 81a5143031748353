import { describe, expect, test } from 'vitest';
import { readLink } from '../../src/fetch/link.ts';

const refused = expect.objectContaining({
  code: 'link-refused',
  facts: expect.objectContaining({ kind: 'music-page' }),
});

describe('refuses the page of a streaming service by its host', () => {
  test.each([
    'https://www.youtube.com/watch?v=dQw4w9WgXcQ',
    'https://youtu.be/dQw4w9WgXcQ?t=3',
    'https://music.youtube.com/watch?v=1',
    'http://m.youtube.com/watch?v=1',
    'https://YOUTUBE.com./shorts/1',
    'https://open.spotify.com/track/4cOdK2wGLETKBW3PvgPWqT',
    'https://spotify.link/abc',
    'https://soundcloud.com/artist/track',
    'https://on.soundcloud.com/abc',
    'https://music.apple.com/us/album/1',
    'https://www.deezer.com/track/1',
    'https://listen.tidal.com/track/1',
    'https://artist.bandcamp.com/track/song',
    'https://music.amazon.co.uk/albums/1',
    'https://vm.tiktok.com/abc/',
    'https://www.instagram.com/reel/1/',
    'https://x.com/a/status/1',
    'https://vimeo.com/1',
    'https://www.mixcloud.com/a/b/',
  ])('%s', (link) => expect(() => readLink(link)).toThrow(refused));

  test('also when a redirect leads there', () => {
    expect(() => readLink('https://youtu.be/1', { base: new URL('https://short.example/1') })).toThrow(refused);
  });
});

test.each([
  'https://feeds.soundcloud.com/stream/1-a.mp3',
  'https://cf-media.sndcdn.com/a.mp3',
  'https://p.scdn.co/mp3-preview/1',
  'https://cdn.discordapp.com/attachments/1/2/a.mp3',
  'https://notyoutube.com/a.mp3',
  'https://youtube.com.example.org/a.mp3',
  'https://example.org/youtube.com/a.mp3',
  'https://box.com/a.mp3',
  'https://geo-samples.beatport.com/track/1.mp3',
  'https://mp3d.jamendo.com/download/track/1',
  'https://t.co/abc',
  'https://archive.org/download/a/a.mp3',
])('accepts a link to a recording: %s', (link) => expect(readLink(link).href).toBe(link));
