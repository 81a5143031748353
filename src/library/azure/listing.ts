/** Selects the blobs that are recordings and reads their metadata. Pure. */
import type { BlobItem } from '@azure/storage-blob';
import type { RecordingTags } from '../../domain.ts';
import { hasAudioName, isHidden } from '../audio-names.ts';
import type { ListedFile } from '../library.ts';

/** @param prefix start of the blob's name that is not part of the key
 *  @returns null for blobs that are not recordings: other files, hidden ones, folders of a hierarchical namespace */
export function toListed(blob: BlobItem, prefix: string): ListedFile | null {
  const key = blob.name.slice(prefix.length);
  if (!blob.name.startsWith(prefix) || !isRecordingKey(key) || isFolder(blob)) return null;
  const { contentLength = 0, lastModified, etag = null } = blob.properties;
  const tags = tagsOf(blob.metadata, blob.tags);
  return {
    type: 'file',
    key,
    sizeBytes: contentLength,
    mtimeMs: lastModified.getTime(),
    etag: etag === null ? null : plainEtag(etag),
    tags,
  };
}

/** Whether the blob is a visible file that is not a recording. */
export function isSkipped(blob: BlobItem, prefix: string): boolean {
  const parts = blob.name.slice(prefix.length).split('/');
  return !isFolder(blob) && !hasAudioName(parts.at(-1) ?? '') && !parts.some((part) => part === '' || isHidden(part));
}

/** Rejects names that a folder could not contain: with an empty part, or `.` or `..` as a part. */
function isRecordingKey(key: string): boolean {
  const parts = key.split('/');
  return hasAudioName(parts.at(-1) ?? '') && !parts.some((part) => part === '' || isHidden(part));
}

/** A hierarchical namespace lists its folders as empty blobs. */
function isFolder({ metadata, properties }: BlobItem): boolean {
  const kind = (properties as { resourceType?: string }).resourceType;
  return kind === 'directory' || metadataValue(metadata, 'hdi_isfolder')?.toLowerCase() === 'true';
}

/** Listings return bare etags, requests for single blobs return quoted ones. */
export function plainEtag(etag: string): string {
  return etag.replace(/^"|"$/g, '');
}

/** An etag as the If-Match header expects it. */
export function quoteEtag(etag: string): string {
  return `"${etag}"`;
}

/** Title, artist and album from the blob's metadata (names in any case), with its index tags as fallback.
 *  @returns undefined without any of them */
export function tagsOf(
  metadata: Readonly<Record<string, string>> | undefined,
  indexTags: Readonly<Record<string, string>> | undefined,
): RecordingTags | undefined {
  const of = (name: string) => metadataValue(metadata, name) ?? metadataValue(indexTags, name);
  const tags = { title: of('title'), artist: of('artist'), album: of('album') };
  return tags.title === null && tags.artist === null && tags.album === null ? undefined : tags;
}

const valueLengthMax = 1000;

function metadataValue(values: Readonly<Record<string, string>> | undefined, name: string): string | null {
  const found = Object.entries(values ?? {}).find(([key]) => key.toLowerCase() === name);
  const text = decoded(found?.[1] ?? '').trim();
  return text === '' ? null : text.slice(0, valueLengthMax);
}

/** Headers are ASCII, so other letters are percent-encoded; a bare percent sign stays unchanged. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
