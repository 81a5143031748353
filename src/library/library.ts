/** Port for libraries of recordings: a folder, a container of blobs, or several of them. */
import type { Readable } from 'node:stream';
import type { RecordingTags } from '../domain.ts';
import type { ErrorCode } from '../errors.ts';

/** A recording in a listing; it is not opened yet. */
export interface ListedFile {
  readonly type: 'file';
  /** Path below the library's root with forward slashes; names the track. */
  readonly key: string;
  readonly sizeBytes: number;
  /** Milliseconds since 1970, with the fraction that the file system stores. */
  readonly mtimeMs: number;
  /** Version of a blob in a remote library; null for a folder. */
  readonly etag: string | null;
  /** Tags from the library, used when the file has none. */
  readonly tags?: RecordingTags | undefined;
}

/** A file or folder in a listing that cannot be read. */
export interface ListedProblem {
  readonly type: 'problem';
  /** The path with escaped invalid bytes. A folder's path ends with a slash: the files below it are unknown, not gone. */
  readonly key: string;
  readonly code: ErrorCode;
  readonly message: string;
}

export type Listed = ListedFile | ListedProblem;

/** A file for ffmpeg, valid until it is disposed. */
export interface LocalFile extends AsyncDisposable {
  readonly path: string;
}

/** A whole recording on this machine and its hash, from a single read. */
export interface HashedLocalFile extends LocalFile {
  /** SHA-256 of its bytes, lower-case hex. */
  readonly contentSha256: string;
}

/** A recording of which ffmpeg reads parts. */
export interface SeekableFile extends AsyncDisposable {
  /** A path, or a loopback URL at which this process serves the recording's bytes. */
  readonly path: string;
  readonly overLoopback: boolean;
  /** Whether the bit rate is constant, so that ffmpeg can seek without reading from the beginning. */
  readonly hasConstantRate: boolean;
}

interface ReadOptions {
  readonly signal?: AbortSignal;
}

export interface ListOptions extends ReadOptions {
  /** Called for each file that is not a recording, with its base name. Hidden files are ignored. */
  readonly onSkipped?: (name: string) => void;
}

export interface Library {
  /** Identifies the library: equal locations mean the same recordings under the same keys. Contains no secrets. */
  readonly location: string;
  /** Key prefixes of several libraries; absent for a single one. */
  readonly prefixes?: readonly string[] | undefined;

  /** Lists all entries by key in code point order.
   *  @throws {LeitmotifError} 'file-unreadable', 'library-forbidden' or 'library-unavailable' when the library itself
   *    cannot be listed; 'cancelled' */
  list(options: ListOptions): AsyncIterable<Listed>;

  /** Current metadata of one file; null when it is gone. A difference to the listing means that the file changed.
   *  @throws {LeitmotifError} 'library-forbidden', 'library-unavailable' */
  look(key: string, options?: ReadOptions): Promise<ListedFile | null>;

  /** Streams the current bytes. Errors are file system errors or LeitmotifErrors. */
  read(key: string, options: ReadOptions): Readable;

  /** The whole listed recording with its hash. Fails when it was replaced since the listing.
   *  @throws {LeitmotifError} 'file-unreadable' and 'audio-too-large' for this file, 'library-forbidden',
   *    'library-unavailable' and 'disk-full' for all; 'cancelled' */
  take(file: ListedFile, options: ReadOptions): Promise<HashedLocalFile>;

  /** The whole recording.
   *  @throws {LeitmotifError} as take */
  localFile(key: string, options: ReadOptions): Promise<LocalFile>;

  /** For reading parts: fetches only the ranges that are read.
   *  @throws {LeitmotifError} as take */
  seekable(key: string, options: ReadOptions): Promise<SeekableFile>;
}

/** Errors that prevent listing a whole library and say nothing about its recordings. */
export const libraryFailures: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'file-unreadable',
  'library-forbidden',
  'library-unavailable',
]);
