/** Port for storing backups of the catalog: a folder or a container. */
interface BackupOptions {
  readonly signal: AbortSignal;
}

export interface StoredFile {
  readonly name: string;
  readonly sizeBytes: number;
}

export interface BackupStore {
  /** Names the store. It holds no secrets. */
  readonly location: string;

  /** Stores a file under a name, atomically. It may move the file.
   *  @throws {LeitmotifError} 'disk-full', 'file-unreadable', 'library-forbidden', 'library-unavailable', 'cancelled' */
  put(name: string, path: string, options: BackupOptions): Promise<void>;

  /** All files in the store, sorted by name, other files than backups included; empty for a missing folder. */
  files(options: BackupOptions): Promise<StoredFile[]>;

  /** Fetches a backup into a file and verifies its hash when the store has one.
   *  @throws {LeitmotifError} as put; 'file-unreadable' when it is missing or damaged */
  fetch(name: string, to: string, options: BackupOptions): Promise<void>;

  remove(name: string, options: BackupOptions): Promise<void>;
}
