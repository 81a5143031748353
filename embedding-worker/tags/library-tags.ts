/** The only caller of music-metadata: Vorbis comments in FLAC and Ogg, MP4, Matroska, ASF, APEv2, ID3v1, and its other formats.
 *  Uses the native tags, because its merged tags have only the first of several artists (common.artist).
 */
import { type IAudioMetadata, type ITag, parseFromTokenizer } from 'music-metadata';
import { AbstractTokenizer, EndOfStreamError, type IReadChunkOptions } from 'strtok3';
import { type RecordingFile, TagBytesError } from './recording-file.ts';
import { emptyTagValues, type TagField, type TagValues } from './tag-values.ts';

/** Kinds of native tags, best first. ID3v2 ranks between the container's own tags and those at the end of mp3 files. */
const kindsBeforeId3 = ['vorbis', 'iTunes', 'asf', 'matroska'];
const kindsAfterId3 = ['ID3v2.4', 'ID3v2.3', 'ID3v2.2', 'APEv2', 'ID3v1'];

const fieldOf: Readonly<Record<string, TagField>> = {
  title: 'title',
  artist: 'artist',
  album: 'album',
  albumartist: 'albumArtist',
  'album artist': 'albumArtist',
  '©nam': 'title',
  '©art': 'artist',
  '©alb': 'album',
  aart: 'albumArtist',
  author: 'artist',
  'wm/albumtitle': 'album',
  'wm/albumartist': 'albumArtist',
  tit2: 'title',
  tpe1: 'artist',
  talb: 'album',
  tpe2: 'albumArtist',
  'segment:title': 'title',
  'track:title': 'title',
  'track:artist': 'artist',
  // ffmpeg writes no target.
  'track:album': 'album',
  'track:album_artist': 'albumArtist',
  'album:title': 'album',
  'album:artist': 'albumArtist',
};

/** @param from start of the file's own format, after ID3v2 tags in front of it
 *  @returns the tags with a higher and with a lower rank than ID3v2, each best first */
export async function readLibraryTags(
  file: RecordingFile,
  from: number,
): Promise<{ readonly above: readonly TagValues[]; readonly below: readonly TagValues[] }> {
  const { native } = (await parse(file, from)) ?? { native: {} as IAudioMetadata['native'] };
  const valuesOf = (kind: string): TagValues => toValues(native[kind] ?? []);
  return { above: kindsBeforeId3.map(valuesOf), below: kindsAfterId3.map(valuesOf) };
}

/** A WavPack file has no index and is read block by block up to its tags: 0.2 s for this size. */
const bytesMax = 32 * 1024 * 1024;
/** Tags at the end of a file are in this range. */
const tailBytes = 256 * 1024;

/** @returns null for an unreadable file. The format is detected by the first bytes. If they are unknown, or the file is too
 *    large, only tags at the end are read, as in an mp3. */
async function parse(file: RecordingFile, from: number): Promise<IAudioMetadata | null> {
  const tailAt = Math.max(from, file.sizeBytes - tailBytes);
  for (const tokenizer of [new Tokenizer(file, from, undefined), new Tokenizer(file, tailAt, 'audio/mpeg')]) {
    try {
      return await parseFromTokenizer(tokenizer, { skipCovers: true, duration: false, mkvUseIndex: true });
    } catch {
      // All its errors mean the same here.
    }
  }
  return null;
}

function toValues(tags: readonly ITag[]): TagValues {
  const values = emptyTagValues();
  for (const { id, value } of tags) {
    const field = fieldOf[id.toLowerCase()];
    if (field !== undefined && typeof value === 'string') values[field].push(value);
  }
  return values;
}

/** A recording from a given byte on, as music-metadata reads it. */
class Tokenizer extends AbstractTokenizer {
  readonly fileInfo: { size: number; mimeType?: string };
  readonly #file: RecordingFile;
  readonly #from: number;
  #bytesRead = 0;

  constructor(file: RecordingFile, from: number, mimeType: string | undefined) {
    super();
    this.#file = file;
    this.#from = from;
    this.fileInfo = { size: Math.max(0, file.sizeBytes - from), ...(mimeType === undefined ? {} : { mimeType }) };
  }

  supportsRandomAccess(): boolean {
    return true;
  }

  setPosition(position: number): void {
    this.position = position;
  }

  async readBuffer(target: Uint8Array, options?: IReadChunkOptions): Promise<number> {
    const { position } = this.normalizeOptions(target, options);
    this.position = position;
    const read = this.#copy(target, options);
    this.position = position + read;
    return read;
  }

  async peekBuffer(target: Uint8Array, options?: IReadChunkOptions): Promise<number> {
    return this.#copy(target, options);
  }

  #copy(target: Uint8Array, options?: IReadChunkOptions): number {
    const { length, position, mayBeLess } = this.normalizeOptions(target, options);
    this.#bytesRead += length;
    if (this.#bytesRead > bytesMax) throw new TagBytesError('Cannot read the tags: they lie too far apart');
    const bytes = this.#file.read(this.#from + position, length);
    target.set(bytes);
    if (bytes.length < length && !mayBeLess) throw new EndOfStreamError();
    return bytes.length;
  }
}
