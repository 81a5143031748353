/** Reads title, artist and album of a recording, each from the best of its tags. */
import type { RecordingTags } from '../../src/domain.ts';
import { readId3v2 } from './id3v2.ts';
import { readIffTags } from './iff-chunks.ts';
import { readLibraryTags } from './library-tags.ts';
import { RecordingFile } from './recording-file.ts';
import { mergeTags, type TagValues } from './tag-values.ts';

/** Covers are skipped, so real tags are much smaller; this size can be read within the deadline. */
const bytesMax = 128 * 1024 * 1024;

/** Some taggers write a new tag before an old one. */
const stackedMax = 16;

/** @throws {Error} when the file cannot be opened, or its tags are too large */
export async function readTags(path: string): Promise<RecordingTags> {
  using file = new RecordingFile(path, bytesMax);
  const iff = readIffTags(file);
  if (iff !== null) return mergeTags(iff);
  const id3: TagValues[] = [];
  let from = 0;
  for (let stacked = 0; stacked < stackedMax; stacked++) {
    const tag = readId3v2(file, from);
    if (tag === null) break;
    id3.push(tag.values);
    from = tag.end;
  }
  const { above, below } = await readLibraryTags(file, from);
  return mergeTags([...above, ...id3, ...below]);
}
