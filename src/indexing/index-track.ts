/** Indexes one file: hashes it, reuses known vectors or embeds it, and stores the result in one transaction. */

import type { Catalog } from '../catalog/catalog.ts';
import type { Chunk, EmbeddedRecording, RecordingTags } from '../domain.ts';
import { type ErrorCode, LeitmotifError, toLeitmotifError } from '../errors.ts';
import { fileProblem } from '../library/file-problem.ts';
import type { HashedLocalFile, Library, ListedFile } from '../library/library.ts';
import type { ClipWriter } from './clip-writer.ts';
import { coolDownMs } from './cool-down.ts';

/** @param path a local file
 *  @throws {LeitmotifError} as the worker and its client do, after their own retries */
export type Embed = (path: string, options: { signal: AbortSignal }) => Promise<EmbeddedRecording>;

export interface TrackDependencies {
  readonly catalog: Catalog;
  readonly library: Library;
  readonly spaceId: string;
  readonly embed: Embed;
  /** Stores clips; unset: none. */
  readonly clips?: ClipWriter | undefined;
  /** Vectors older than this time are computed again although the bytes are unchanged. */
  readonly embedAgainBeforeMs?: number | undefined;
}

/** embedded  vectors were computed;      reused  the same bytes were embedded before, under this or another key;
 *  failed    recorded as a failure;       moving  the file changed or disappeared meanwhile: the next run handles it */
export type TrackOutcome =
  | { readonly kind: 'embedded' | 'reused' | 'moving'; readonly audioSec: number }
  | { readonly kind: 'failed'; readonly audioSec: 0; readonly code: ErrorCode; readonly message: string };

/** Errors of one file or one try. Any other error probably affects all files; suspects.ts decides. */
const trackFailures: ReadonlySet<ErrorCode> = new Set([
  'audio-empty',
  'audio-unreadable',
  'audio-refused',
  'audio-no-sound',
  'audio-too-short',
  'audio-too-long',
  'audio-too-large',
  'audio-timeout',
  'audio-too-costly',
  'file-unreadable',
  'bad-request',
  'decode-failed',
  'inference-failed',
  'worker-protocol',
  'internal',
]);

/** @throws {LeitmotifError} for errors that probably affect more than this file: 'worker-unavailable', 'disk-full', 'cancelled', ... */
export async function indexTrack(
  file: ListedFile,
  dependencies: TrackDependencies,
  signal: AbortSignal,
): Promise<TrackOutcome> {
  let contentSha256: string | null = null;
  try {
    await using taken = await take(dependencies.library, file, signal);
    contentSha256 = taken.contentSha256;
    const reused = reuse(file, contentSha256, dependencies);
    if (reused) return reused;
    const recording = await embedFile(taken, dependencies, signal);
    if (await hasChanged(file, dependencies.library, signal)) return { kind: 'moving', audioSec: 0 };
    const complete = withTags(recording, file.tags);
    dependencies.catalog.embeddings.put({ ...file, contentSha256 }, complete);
    // Cut the clips now, while the recording is on this machine.
    await dependencies.clips?.store({ path: taken.path, contentSha256, ...complete }, signal);
    return { kind: 'embedded', audioSec: recording.durationSec };
  } catch (error) {
    const failure = asTrackFailure(error, signal);
    if (await hasChanged(file, dependencies.library, signal)) return { kind: 'moving', audioSec: 0 };
    return recordFailure(file, dependencies, contentSha256, failure);
  }
}

/** @param contentSha256 null when the content is unknown */
export function recordFailure(
  file: ListedFile,
  { catalog, spaceId }: TrackDependencies,
  contentSha256: string | null,
  { code, message }: LeitmotifError,
): TrackOutcome {
  const attempt = { spaceId, contentSha256, code, message };
  catalog.files.putFailed(file, { ...attempt, coolDownMs: (tries) => coolDownMs(code, tries) });
  return { kind: 'failed', audioSec: 0, code, message };
}

async function take(library: Library, file: ListedFile, signal: AbortSignal): Promise<HashedLocalFile> {
  try {
    return await library.take(file, { signal });
  } catch (cause) {
    if (signal.aborted || cause instanceof LeitmotifError) throw toLeitmotifError(cause);
    throw new LeitmotifError('file-unreadable', `Cannot read it: ${fileProblem(cause)}`, { cause });
  }
}

function reuse(file: ListedFile, contentSha256: string, dependencies: TrackDependencies): TrackOutcome | null {
  const { catalog, spaceId, embedAgainBeforeMs } = dependencies;
  const sameContent = catalog.duplicateFiles.findByContent(contentSha256, spaceId, file.key, embedAgainBeforeMs);
  if (sameContent === null) return null;
  if (sameContent === file.key) catalog.files.touch(file);
  else catalog.duplicateFiles.copy(sameContent, file);
  return { kind: 'reused', audioSec: 0 };
}

async function embedFile({ path }: HashedLocalFile, { embed, spaceId }: TrackDependencies, signal: AbortSignal) {
  const recording = await embed(path, { signal });
  checkRecording(recording, spaceId);
  return recording;
}

/** Tags of the file come first; the library's tags fill the gaps. */
function withTags(recording: EmbeddedRecording, known: RecordingTags | undefined): EmbeddedRecording {
  if (known === undefined) return recording;
  const { title, artist, album } = recording.tags;
  const tags = { title: title ?? known.title, artist: artist ?? known.artist, album: album ?? known.album };
  return { ...recording, tags };
}

async function hasChanged(file: ListedFile, library: Library, signal: AbortSignal): Promise<boolean> {
  const now = await library.look(file.key, { signal });
  return now === null || now.sizeBytes !== file.sizeBytes || now.mtimeMs !== file.mtimeMs || now.etag !== file.etag;
}

/** @throws errors that are not a failure of this file, internal errors included */
function asTrackFailure(error: unknown, signal: AbortSignal): LeitmotifError {
  if (signal.aborted) throw new LeitmotifError('cancelled', 'Indexing was cancelled', { cause: error });
  if (error instanceof LeitmotifError && trackFailures.has(error.code)) return error;
  throw error;
}

/** Tolerance for unit length in float32: rounding 1,000 squares of 24 bits stays below 1e-4. */
const lengthTolerance = 1e-3;

/** Validates a worker's response before it is stored: the worker may be another version or another program.
 *  @throws {LeitmotifError} 'space-mismatch' for vectors of another space, 'worker-protocol' for invalid chunks */
function checkRecording(recording: EmbeddedRecording, spaceId: string): void {
  if (recording.spaceId !== spaceId) {
    throw new LeitmotifError(
      'space-mismatch',
      `Cannot index: expected vectors of space ${spaceId}, got ${recording.spaceId} from the worker`,
    );
  }
  const dimensions = recording.chunks[0]?.vector.length ?? 0;
  if (dimensions === 0) throw unusable('no chunk');
  recording.chunks.forEach((chunk, index) => {
    const wrong = describeFault(chunk, index, dimensions);
    if (wrong !== null) throw unusable(wrong);
  });
}

function describeFault(chunk: Chunk, index: number, dimensions: number): string | null {
  if (chunk.index !== index) return `chunk ${chunk.index} where ${index} was due`;
  if (!(chunk.startSec >= 0 && chunk.endSec > chunk.startSec)) return `chunk ${index} that ends before it starts`;
  if (chunk.vector.length !== dimensions) return `chunk ${index} with ${chunk.vector.length} values of ${dimensions}`;
  const length = Math.hypot(...chunk.vector);
  // The vector of silence may be zero; a music vector must have a direction.
  if (chunk.kind === 'music' ? !(Math.abs(length - 1) <= lengthTolerance) : !Number.isFinite(length)) {
    return `chunk ${index} with a vector of length ${length}`;
  }
  return null;
}

function unusable(fault: string): LeitmotifError {
  return new LeitmotifError('worker-protocol', `Cannot use the worker's answer: expected unit vectors, got ${fault}`);
}
