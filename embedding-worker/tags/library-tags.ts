/** The only caller of music-metadata: Vorbis comments in FLAC and Ogg, MP4, Matroska, ASF, APEv2, ID3v1, and the rest that it
 *  knows. Its choice among several kinds of tags is not used (common.artist is the first of several artists): the native
 *  tags are.
 */
import { type IAudioMetadata, type ITag, parseFromTokenizer } from 'music-metadata';
import { AbstractTokenizer, EndOfStreamError, type IReadChunkOptions } from 'strtok3';
import { type RecordingFile, TagBytesError } from './recording-file.ts';
import { emptyTagValues, type TagField, type TagValues } from './tag-values.ts';

/** Kinds of native tags, best first; ID3v2 stands between the container's own and what mp3s have at their end. */
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
  // ffmpeg's, which sets no target.
  'track:album': 'album',
  'track:album_artist': 'albumArtist',
  'album:title': 'album',
  'album:artist': 'albumArtist',
};

/** @param from where the file's own format begins: behind the ID3v2 tags that were put before it
 *  @returns what stands above and below an ID3v2 tag, each best first */
export async function readLibraryTags(
  file: RecordingFile,
  from: number,
): Promise<{ readonly above: readonly TagValues[]; readonly below: readonly TagValues[] }> {
  const { native } = (await parse(file, from)) ?? { native: {} as IAudioMetadata['native'] };
  const valuesOf = (kind: string): TagValues => toValues(native[kind] ?? []);
  return { above: kindsBeforeId3.map(valuesOf), below: kindsAfterId3.map(valuesOf) };
}

/** A WavPack file is read block by block up to its tags, for want of an index: 0.2 s for so much. */
const bytesMax = 32 * 1024 * 1024;
/** Tags at the end of a file are in this range. */
const tailBytes = 256 * 1024;

/** @returns null for what it cannot read. A name tells nothing here, so the format is found by its first bytes; where these
 *    are not known, or it is too large, there may be tags at its end, as an mp3 has them. */
async function parse(file: RecordingFile, from: number): Promise<IAudioMetadata | null> {
  const tailAt = Math.max(from, file.sizeBytes - tailBytes);
  for (const tokenizer of [new Tokenizer(file, from, undefined), new Tokenizer(file, tailAt, 'audio/mpeg')]) {
    try {
      return await parseFromTokenizer(tokenizer, { skipCovers: true, duration: false, mkvUseIndex: true });
    } catch {
      // Its kinds of errors are many, and all mean the same here.
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
