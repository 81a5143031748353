/** The connection to a Milvus server: opened by the first request; each request is checked and guarded. */
import { LeitmotifError } from '../../errors.ts';
import { corruptCollection, failureOf, type MilvusFailure } from './failures.ts';
import { MilvusGuard } from './guard.ts';
import { openSdk, type Sdk, type SdkStatus } from './sdk.ts';
import type { MilvusSettings } from './settings.ts';

export const requestTimeoutMs = 30_000;
const versionMin = [2, 3] as const;

export interface Attempt {
  /** The same request was sent before, and may have been done although its answer was lost. */
  readonly isRepeated: boolean;
}

export class MilvusConnection {
  readonly address: string;
  readonly #settings: MilvusSettings;
  readonly #guard: MilvusGuard;
  #opening: Promise<{ readonly sdk: Sdk; readonly version: string }> | null = null;
  #closed = false;
  #outages = 0;

  constructor(settings: MilvusSettings, guard = new MilvusGuard(`Milvus at ${settings.address}`)) {
    this.#settings = settings;
    this.address = settings.address;
    this.#guard = guard;
  }

  /** @throws {LeitmotifError} `config-invalid` if it is too old, or refuses the sign-in */
  async version(signal?: AbortSignal): Promise<string> {
    return (await this.#guard.run(() => this.#opened(), signal)).version;
  }

  /** Grows with each request that was not answered, also if its repetition was: the server may have been restarted. */
  get outages(): number {
    return this.#outages;
  }

  /** @param doing continues "Cannot "
   *  @param collection whose absence explains a failure
   *  @throws {LeitmotifError} as failureOf; `cancelled` */
  async request<T extends SdkStatus | { readonly status: SdkStatus }>(
    doing: string,
    collection: string | null,
    ask: (sdk: Sdk, attempt: Attempt) => Promise<T>,
    signal?: AbortSignal,
  ): Promise<T> {
    return this.#guard.run(async (repeats) => {
      const { sdk } = await this.#opened();
      try {
        const answer = await ask(sdk, { isRepeated: repeats > 0 });
        assertOk('status' in answer ? answer.status : answer);
        return answer;
      } catch (error) {
        const failure = await this.#explained(error, doing, collection, sdk);
        if (failure.isOutage) this.#outages += 1;
        throw failure;
      }
    }, signal);
  }

  async close(): Promise<void> {
    this.#closed = true;
    const opening = this.#opening;
    this.#opening = null;
    await opening?.then(({ sdk }) => sdk.closeConnection()).catch(() => {});
  }

  /** The client answers with a TypeError when it cannot read the fields of a collection. */
  async #explained(error: unknown, doing: string, collection: string | null, sdk: Sdk): Promise<MilvusFailure> {
    if (!(error instanceof TypeError) || collection === null) return failureOf(error, doing, this.address);
    try {
      const { value, status } = await sdk.hasCollection({ collection_name: collection, timeout: requestTimeoutMs });
      if (value === false) return corruptCollection(collection, 'it does not exist');
      return failureOf(status.reason ? status : error, doing, this.address);
    } catch (cause) {
      return failureOf(cause, doing, this.address);
    }
  }

  #opened(): Promise<{ readonly sdk: Sdk; readonly version: string }> {
    if (this.#closed) throw new LeitmotifError('index-unavailable', 'Cannot use Milvus: the connection was closed');
    this.#opening ??= this.#open().catch((error: unknown) => {
      this.#opening = null;
      throw error;
    });
    return this.#opening;
  }

  async #open() {
    const sdk = await openSdk(this.#settings, requestTimeoutMs);
    try {
      const { status, version } = await sdk.getVersion();
      assertOk(status);
      assertVersion(version, this.address);
      return { sdk, version };
    } catch (error) {
      await sdk.closeConnection().catch(() => {});
      throw error instanceof LeitmotifError ? error : failureOf(error, 'connect', this.address);
    }
  }
}

/** @throws the status unless it is that of a success */
function assertOk(status: SdkStatus): void {
  const { code = 0, error_code: name = 'Success' } = status;
  if (code !== 0 || name !== 'Success') throw status;
}

/** @param version such as v2.3.5, 2.5.1 or milvus_lite-3.2.2; others are accepted */
export function assertVersion(version: string, address: string): void {
  const [, major, minor] = /(\d+)\.(\d+)/.exec(version) ?? [];
  if (major === undefined || minor === undefined) return;
  const isOld = Number(major) < versionMin[0] || (Number(major) === versionMin[0] && Number(minor) < versionMin[1]);
  if (!isOld) return;
  throw new LeitmotifError(
    'config-invalid',
    `Cannot use Milvus at ${address}: expected version ${versionMin.join('.')} or newer, got ${version}`,
  );
}
