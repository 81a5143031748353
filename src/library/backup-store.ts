/** Port for storing backups of the catalog: a folder or a container. */
interface BackupOptions {
  readonly signal: AbortSignal;
}

export interface BackupStore {
  /** Names the store. It holds no secrets. */
  readonly location: string;

  /** Stores a file under a name, atomically. It may move the file.
   *  @throws {LeitmotifError} 'disk-full', 'file-unreadable', 'library-forbidden', 'library-unavailable', 'cancelled' */
  put(name: string, path: string, options: BackupOptions): Promise<void>;

  /** Names of all files in the store, sorted, other files included; empty for a missing folder. */
  names(options: BackupOptions): Promise<string[]>;

  /** Fetches a backup into a file and verifies its hash when the store has one.
   *  @throws {LeitmotifError} as put; 'file-unreadable' when it is missing or damaged */
  fetch(name: string, to: string, options: BackupOptions): Promise<void>;

  remove(name: string, options: BackupOptions): Promise<void>;
}
