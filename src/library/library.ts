/** Where recordings lie: the port between the program and a folder, a container of blobs, or several of them. */
import type { Readable } from 'node:stream';
import type { RecordingTags } from '../domain.ts';
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
  /** What the library itself knows of it, for a recording that does not say. */
  readonly tags?: RecordingTags;
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

/** The whole of a recording on this machine, and what it is: both by reading it once. */
export interface HashedLocalFile extends LocalFile {
  /** SHA-256 of its bytes, lower-case hex. */
  readonly contentSha256: string;
}

/** A recording of which ffmpeg may want a part. */
export interface SeekableFile extends AsyncDisposable {
  /** A path, or an address of the loopback interface, at which this process serves the recording's bytes. */
  readonly path: string;
  readonly overLoopback: boolean;
  /** Whether every second of it has the same number of bytes, so that a moment is found without reading what is before. */
  readonly hasConstantRate: boolean;
}

interface ReadOptions {
  readonly signal?: AbortSignal;
}

export interface ListOptions extends ReadOptions {
  /** Told each file that is there and does not count as a recording, by the last part of its path. Not of hidden ones. */
  readonly onPassedOver?: (name: string) => void;
}

export interface Library {
  /** Names the library: the same name, the same recordings behind the same keys. It holds no secrets. */
  readonly location: string;
  /** What the keys of each of several libraries begin with. Absent for one alone. */
  readonly prefixes?: readonly string[];

  /** Everything, by key in code point order.
   *  @throws {LeitmotifError} 'file-unreadable', 'library-forbidden' or 'library-unavailable' when the library itself
   *    cannot be listed; 'cancelled' */
  list(options: ListOptions): AsyncIterable<Listed>;

  /** How one file looks now; null when it is gone. Comparing it with the listing tells whether it was changed since.
   *  @throws {LeitmotifError} 'library-forbidden', 'library-unavailable' */
  look(key: string, options?: ReadOptions): Promise<ListedFile | null>;

  /** The bytes as they are now, in order. Errors of the stream are the file system's own, or LeitmotifErrors. */
  read(key: string, options: ReadOptions): Readable;

  /** The recording that was listed, whole and hashed. One that was replaced since is an error.
   *  @throws {LeitmotifError} 'file-unreadable' and 'audio-too-large' for this file, 'library-forbidden',
   *    'library-unavailable' and 'disk-full' for all; 'cancelled' */
  take(file: ListedFile, options: ReadOptions): Promise<HashedLocalFile>;

  /** The whole recording.
   *  @throws {LeitmotifError} as take */
  localFile(key: string, options: ReadOptions): Promise<LocalFile>;

  /** For a part of it: what is not needed is not fetched.
   *  @throws {LeitmotifError} as take */
  seekable(key: string, options: ReadOptions): Promise<SeekableFile>;
}

/** What keeps a whole library from being listed, and says nothing about the recordings in it. */
export const libraryFailures: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'file-unreadable',
  'library-forbidden',
  'library-unavailable',
]);
