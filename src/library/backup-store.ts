/** Where backups of the catalog lie: the port between the program and a folder or a container. */
interface BackupOptions {
  readonly signal: AbortSignal;
}

export interface BackupStore {
  /** Names the store. It holds no secrets. */
  readonly location: string;

  /** Stores a file under a name, whole or not at all. The file may be moved away by it.
   *  @throws {LeitmotifError} 'disk-full', 'file-unreadable', 'library-forbidden', 'library-unavailable', 'cancelled' */
  put(name: string, path: string, options: BackupOptions): Promise<void>;

  /** What lies there, by name, other files included; none in a place that is not there. */
  names(options: BackupOptions): Promise<string[]>;

  /** Fetches one into a file, every byte checked against what was stored where the store knows it.
   *  @throws {LeitmotifError} as put; 'file-unreadable' when there is none of that name, or it is damaged */
  fetch(name: string, to: string, options: BackupOptions): Promise<void>;

  remove(name: string, options: BackupOptions): Promise<void>;
}
