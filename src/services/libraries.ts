/** Opens the libraries, clip stores and backup stores that the configuration or the catalog names. */
import type { Catalog } from '../catalog/catalog.ts';
import type { Config } from '../config/config.ts';
import { parseAzure } from '../config/library-location.ts';
import { AzureBackups } from '../library/azure/backups.ts';
import { AzureAccounts } from '../library/azure/client.ts';
import type { BackupStore } from '../library/backup-store.ts';
import type { ClipStore } from '../library/clip-store.ts';
import type { Library } from '../library/library.ts';
import { accountsIn, openClipStore, openLibrary } from '../library/open-library.ts';
import { RangeServer } from '../library/range-server.ts';
import { Spool } from '../library/spool.ts';
import { FolderBackups } from '../maintenance/folder-backups.ts';
import { indexPathsOf } from './index-paths.ts';

export class LibraryService {
  /** Null when clips are not stored. */
  readonly clipStore: ClipStore | null;
  readonly #config: Config;
  readonly #catalog: Catalog;
  readonly #spool: Spool;
  readonly #ranges = new RangeServer();
  readonly #open = new Map<string, Library>();

  constructor(config: Config, catalog: Catalog) {
    this.#config = config;
    this.#catalog = catalog;
    this.#spool = new Spool({ dir: indexPathsOf(config).fetched, bytesMax: config.spoolBytesMax });
    const { clips } = config;
    this.clipStore = clips === undefined ? null : openClipStore(clips, this.#partsFor(clips));
  }

  /** The library (or libraries) that the catalog was filled from; null before the first index run. */
  current(): Library | null {
    const location = this.#catalog.libraryLocation;
    return location === null ? null : this.open(location);
  }

  /** @param text in the form of LIBRARY
   *  @throws {LeitmotifError} 'config-invalid' */
  open(text: string): Library {
    const opened = this.#open.get(text) ?? openLibrary(text, this.#partsFor(text));
    this.#open.set(text, opened);
    return opened;
  }

  close(): Promise<void> {
    return this.#ranges.close();
  }

  #partsFor(text: string): Parameters<typeof openLibrary>[1] {
    const { bytesMax } = this.#config.audioLimits;
    return { spool: this.#spool, ranges: this.#ranges, bytesMax, accounts: azureAccounts(this.#config, [text]) };
  }
}

/** @param location file:/path or azure://account/container/prefix; unset: BACKUPS */
export function openBackupStore(config: Config, location: string = config.maintenance.backups): BackupStore {
  if (!location.startsWith('azure:')) return new FolderBackups(location.replace(/^file:/, ''));
  return new AzureBackups(parseAzure(location), azureAccounts(config, [location]));
}

/** All accounts named anywhere in the configuration are passed: a key that names no account must not be sent to the wrong
 *  one. */
function azureAccounts({ azure, library, clips, maintenance }: Config, named: readonly string[]): AzureAccounts {
  const all = [...named, library, clips, maintenance.backups].filter((each) => each !== undefined);
  return new AzureAccounts(azure, accountsIn(all));
}
