/** Where recordings lie: the port between the program and a folder (or, elsewhere, a container of blobs). */
import type { Readable } from 'node:stream';
import type { ErrorCode } from '../errors.ts';

/** A recording, as a listing shows it: not opened yet. */
export interface ListedFile {
  readonly type: 'file';
  /** Path below the library's root with forward slashes; names the track. */
  readonly key: string;
  readonly sizeBytes: number;
  /** Milliseconds since 1970, with whatever fraction the file system keeps. */
  readonly mtimeMs: number;
  /** What a remote library names a version by; null where there is no such thing. */
  readonly etag: string | null;
}

/** Something that should have been a recording, or hold some, and cannot be looked at. */
export interface ListedProblem {
  readonly type: 'problem';
  /** The path, with what cannot be written in it escaped. A folder's ends with a slash: what lies below it is unknown,
   *  which is not the same as gone. */
  readonly key: string;
  readonly code: ErrorCode;
  readonly message: string;
}

export type Listed = ListedFile | ListedProblem;

/** A file that ffmpeg can be given, for as long as it is not disposed of. */
export interface LocalFile extends AsyncDisposable {
  readonly path: string;
}

export interface Library {
  /** Names the library: the same name, the same recordings behind the same keys. */
  readonly location: string;

  /** Everything, by key in code point order.
   *  @throws {LeitmotifError} 'file-unreadable' when the library itself cannot be listed; 'cancelled' */
  list(options: { signal?: AbortSignal }): AsyncIterable<Listed>;

  /** How one file looks now; null when it is gone. Comparing it with the listing tells whether it was changed since. */
  look(key: string): Promise<ListedFile | null>;

  /** The bytes as they are now, in order. Errors of the stream are the file system's own. */
  read(key: string, options: { signal?: AbortSignal }): Readable;

  /** @throws {LeitmotifError} 'file-unreadable' */
  localFile(key: string, options: { signal?: AbortSignal }): Promise<LocalFile>;
}
