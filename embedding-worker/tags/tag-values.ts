/** Values that the tag readers find, and their merge into the tags of a recording. Pure. */
import type { RecordingTags } from '../../src/domain.ts';
import { bytesOfText, hasUnknownBytes } from './byte-text.ts';
import { guessEncoding } from './guess-encoding.ts';

export type TagField = 'title' | 'artist' | 'album' | 'albumArtist';

/** In the order of the file; may contain empty texts and bytes of unknown encoding (byte-text.ts). */
export type TagValues = Readonly<Record<TagField, string[]>>;

export function emptyTagValues(): TagValues {
  return { title: [], artist: [], album: [], albumArtist: [] };
}

export function valuesOfTags({ title, artist, album }: RecordingTags): TagValues {
  const listOf = (text: string | null): string[] => (text === null ? [] : [text]);
  return { title: listOf(title), artist: listOf(artist), album: listOf(album), albumArtist: [] };
}

/** Longer values are not names. */
const artistsMax = 32;

/** @param sources best first; a missing value is taken from the next source
 *  @returns several artists joined by ", "; the album's artist if no source has one for the track */
export function mergeTags(sources: readonly TagValues[]): RecordingTags {
  const decode = decoderFor(sources);
  const firstOf = (field: TagField, read: (values: readonly string[]) => string | null): string | null => {
    for (const source of sources) {
      const found = read(source[field].map((text) => tidy(decode(text))));
      if (found !== null) return found;
    }
    return null;
  };
  return {
    title: firstOf('title', first),
    artist: firstOf('artist', joined) ?? firstOf('albumArtist', joined),
    album: firstOf('album', first),
  };
}

/** Guessed once from all values, because more text gives more evidence. */
function decoderFor(sources: readonly TagValues[]): (text: string) => string {
  const unknown = new Set(sources.flatMap((source) => Object.values(source).flat().filter(hasUnknownBytes)));
  if (unknown.size === 0) return (text) => text;
  const label = guessEncoding(Buffer.concat([...unknown].map((text) => Buffer.concat([bytesOfText(text), lineFeed]))));
  const decoder = new TextDecoder(label);
  return (text) => (hasUnknownBytes(text) ? decoder.decode(bytesOfText(text)) : text);
}

const lineFeed = Buffer.from('\n');

function tidy(text: string): string {
  return text.replace(/\0[\s\S]*$/, '').trim();
}

function first(values: readonly string[]): string | null {
  return values.find((value) => value !== '') ?? null;
}

function joined(values: readonly string[]): string | null {
  const names = values.flatMap((value) => value.split(';')).map((name) => name.trim());
  const distinct = [...new Set(names.filter((name) => name !== ''))].slice(0, artistsMax);
  return distinct.length === 0 ? null : distinct.join(', ');
}
