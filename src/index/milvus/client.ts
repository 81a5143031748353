/** Requests to a Milvus server in terms of rows and vectors: checked, with deadlines, repeated if they may be, behind a circuit
 *  breaker. Reads have the consistency level Strong unless they say otherwise.
 *
 *  @see https://milvus.io/docs/consistency.md
 */
import { setTimeout as delay } from 'node:timers/promises';
import { LeitmotifError } from '../../errors.ts';
import { type Attempt, MilvusConnection, requestTimeoutMs } from './connection.ts';
import { corruptCollection, MilvusFailure } from './failures.ts';
import type { Consistency, Hit, RowBatch, Search } from './requests.ts';
import type { Sdk, SdkStatus } from './sdk.ts';
import type { IndexType, MilvusSettings } from './settings.ts';

/** The server's limit on neighbours of one query, and on rows of one answer. */
export const neighboursMax = 16_384;
const writeTimeoutMs = 120_000;
/** Loading reads every vector from the server's storage. */
const readyWithinMs = 1_800_000;
const pollMs = 100;
/** Rows named in one filter. */
const namedRowsMax = 2_000;

export class MilvusClient {
  readonly address: string;
  readonly #connection: MilvusConnection;

  /** Connects on first use. */
  constructor(settings: MilvusSettings) {
    this.#connection = new MilvusConnection(settings);
    this.address = settings.address;
  }

  /** @throws {LeitmotifError} `config-invalid` if it is too old, or refuses the sign-in */
  version(signal?: AbortSignal): Promise<string> {
    return this.#connection.version(signal);
  }

  /** @see MilvusConnection.outages */
  get outages(): number {
    return this.#connection.outages;
  }

  async isLoaded(collection: string, signal?: AbortSignal): Promise<boolean> {
    return (await this.#loadState(collection, signal)) === 'LoadStateLoaded';
  }

  async create(collection: string, dimensions: number, description: string): Promise<void> {
    const fields = [
      { name: 'row', data_type: 'Int64', is_primary_key: true, autoID: false },
      { name: 'track', data_type: 'Int64' },
      { name: 'vector', data_type: 'FloatVector', dim: dimensions },
    ];
    const schema = { description, fields, shards_num: 1, consistency_level: 'Strong', enable_dynamic_field: false };
    await this.#request(`create ${collection}`, collection, (sdk, named) =>
      sdk.createCollection({ ...named, ...schema }),
    );
  }

  /** @returns the dimensions of the collection's vectors; null if there is no such collection */
  async dimensionsOf(collection: string, signal?: AbortSignal): Promise<number | null> {
    if (!(await this.has(collection, signal))) return null;
    const doing = `read the fields of ${collection}`;
    const { schema } = await this.#request(doing, collection, (sdk, named) => sdk.describeCollection(named), signal);
    const field = schema?.fields.find(({ name }) => name === 'vector');
    const dimensions = field?.dim ?? field?.type_params.find(({ key }) => key === 'dim')?.value;
    const names = schema?.fields.map(({ name }) => name) ?? [];
    if (!['row', 'track', 'vector'].every((name) => names.includes(name))) return Number.NaN;
    return Number(dimensions);
  }

  async has(collection: string, signal?: AbortSignal): Promise<boolean> {
    const found = await this.#request(
      `look for ${collection}`,
      collection,
      (sdk, named) => sdk.hasCollection(named),
      signal,
    );
    return found.value;
  }

  async list(signal?: AbortSignal): Promise<string[]> {
    const ask = (sdk: Sdk) => sdk.listCollections({ timeout: requestTimeoutMs });
    return (await this.#request('list the collections', null, ask, signal)).data.map(({ name }) => name);
  }

  /** Adds rows, or replaces them. In a new collection, they are inserted, which is faster, unless a batch is sent again after a
   *  lost answer. */
  async write(
    collection: string,
    { rows, tracks, vectors }: RowBatch,
    { isNew, signal }: { readonly isNew: boolean; readonly signal: AbortSignal },
  ): Promise<void> {
    const data = rows.map((row, at) => ({ row, track: tracks[at], vector: vectors[at] }));
    const batch = { collection_name: collection, data, timeout: writeTimeoutMs };
    const send = (sdk: Sdk, _: unknown, { isRepeated }: Attempt) =>
      isNew && !isRepeated ? sdk.insert(batch) : sdk.upsert(batch);
    await this.#request(`write to ${collection}`, collection, send, signal);
  }

  async deleteRows(collection: string, rows: readonly number[], signal?: AbortSignal): Promise<void> {
    for (let from = 0; from < rows.length; from += namedRowsMax) {
      const filter = `row in [${rows.slice(from, from + namedRowsMax)}]`;
      await this.#request(
        `delete rows of ${collection}`,
        collection,
        (sdk, named) => sdk.delete({ ...named, filter }),
        signal,
      );
    }
  }

  /** Deletes the rows from this number on. */
  async deleteFrom(collection: string, firstRow: number, signal?: AbortSignal): Promise<void> {
    // Servers differ in deleting by a range, and in deleting nothing.
    for (;;) {
      const ask = (sdk: Sdk) =>
        sdk.query({
          ...{ collection_name: collection, filter: `row >= ${firstRow}`, output_fields: ['row'] },
          ...{ limit: namedRowsMax, consistency_level: 'Strong', timeout: requestTimeoutMs },
        });
      const { data } = await this.#request(`look for rows of ${collection}`, collection, ask, signal);
      if (data.length === 0) return;
      await this.deleteRows(
        collection,
        data.map(({ row }) => Number(row)),
        signal,
      );
    }
  }

  /** Writes what was sent to the server's storage. */
  async flush(collection: string, signal: AbortSignal): Promise<void> {
    const send = (sdk: Sdk) => sdk.flushSync({ collection_names: [collection], timeout: writeTimeoutMs });
    await this.#request(`flush ${collection}`, collection, send, signal);
  }

  async index(
    collection: string,
    type: IndexType,
    parameters: Readonly<Record<string, number | boolean>>,
  ): Promise<void> {
    const field = { field_name: 'vector', index_name: 'vector' };
    const index = { ...field, index_type: type, metric_type: 'IP', params: parameters };
    await this.#request(`index ${collection}`, collection, (sdk, named) => sdk.createIndex({ ...named, ...index }));
  }

  /** Loads the collection unless it is loaded, and waits until it is whole.
   *  @throws {LeitmotifError} `index-corrupt` if there is no such collection, `index-unavailable`, `cancelled` */
  async ready(collection: string, signal?: AbortSignal, withinMs = readyWithinMs): Promise<void> {
    let isAsked = false;
    for (const endMs = performance.now() + withinMs; ; ) {
      const state = await this.#loadState(collection, signal);
      if (state === 'LoadStateLoaded') return;
      if (state === 'LoadStateNotExist') throw corruptCollection(collection, 'it does not exist');
      if (state === 'LoadStateNotLoad' && !isAsked) {
        await this.#request(`load ${collection}`, collection, (sdk, named) => sdk.loadCollectionAsync(named), signal);
        isAsked = true;
      }
      if (performance.now() > endMs) {
        const text = `Cannot use ${collection}: Milvus at ${this.address} is still loading it`;
        throw new MilvusFailure('index-unavailable', text, {});
      }
      await pause(signal);
    }
  }

  /** Waits until every row is in the index: before, a search may be less exact than the index. */
  async indexed(collection: string, signal: AbortSignal): Promise<void> {
    for (;;) {
      const { index_descriptions: found } = await this.#request(
        `read the index of ${collection}`,
        collection,
        (sdk, named) => sdk.describeIndex(named),
        signal,
      );
      const failed = found.find(({ state }) => state === 'Failed');
      if (failed) throw corruptCollection(collection, `its index failed: ${failed.index_state_fail_reason}`);
      const isDone = found.every(
        ({ state, pending_index_rows: pending = '0' }) => state !== 'InProgress' && Number(pending) === 0,
      );
      if (isDone) return;
      await pause(signal);
    }
  }

  /** Number of rows that a search sees. */
  async count(
    collection: string,
    filter = '',
    signal?: AbortSignal,
    consistency: Consistency = 'Strong',
  ): Promise<number> {
    const ask = (sdk: Sdk) =>
      sdk.query({
        ...{ collection_name: collection, filter, output_fields: ['count(*)'] },
        ...{ consistency_level: consistency, timeout: requestTimeoutMs },
      });
    const { data } = await this.#request(`count the rows of ${collection}`, collection, ask, signal);
    return Number(data[0]?.['count(*)'] ?? Number.NaN);
  }

  /** @returns for each vector, at most k rows, best first, ties in any order */
  async search(
    collection: string,
    vectors: readonly Float32Array[],
    { k, parameters, signal, consistency = 'Strong' }: Search,
  ): Promise<Hit[][]> {
    const ask = (sdk: Sdk) =>
      sdk.search({
        ...{ collection_name: collection, anns_field: 'vector', data: vectors.map((vector) => Array.from(vector)) },
        // The hits carry no key unless it is asked for.
        ...{ limit: k, output_fields: ['row'], metric_type: 'IP', params: parameters },
        ...{ consistency_level: consistency, timeout: requestTimeoutMs },
      });
    const { results } = await this.#request(`search in ${collection}`, collection, ask, signal);
    // The hits of a single query are not in a list of lists.
    const lists = vectors.length === 1 && !Array.isArray(results[0]) ? [results] : results;
    return vectors.map((_, query) =>
      ((lists[query] ?? []) as { row: string; score: number }[]).map(({ row, score }) => ({ row: Number(row), score })),
    );
  }

  /** @returns the vectors of the rows that are there */
  async vectors(
    collection: string,
    rows: readonly number[],
    signal?: AbortSignal,
    consistency: Consistency = 'Strong',
  ): Promise<Map<number, Float32Array>> {
    const found = new Map<number, Float32Array>();
    for (let from = 0; from < rows.length; from += namedRowsMax) {
      const named = rows.slice(from, from + namedRowsMax);
      const ask = (sdk: Sdk) =>
        sdk.query({
          ...{ collection_name: collection, filter: `row in [${named}]`, output_fields: ['row', 'vector'] },
          ...{ limit: named.length, consistency_level: consistency, timeout: requestTimeoutMs },
        });
      const { data } = await this.#request(`read vectors of ${collection}`, collection, ask, signal);
      for (const { row, vector } of data) found.set(Number(row), Float32Array.from(vector as number[]));
    }
    return found;
  }

  /** Makes the alias name this collection. */
  async setAlias(alias: string, collection: string): Promise<void> {
    const altered = await this.#request(`switch ${alias}`, null, (sdk) =>
      sdk.alterAlias({ alias, collection_name: collection, timeout: requestTimeoutMs }),
    ).catch((error: unknown) => (isOutage(error) ? Promise.reject(error) : null));
    if (altered !== null) return;
    await this.#request(`create ${alias}`, null, (sdk) =>
      sdk.createAlias({ alias, collection_name: collection, timeout: requestTimeoutMs }),
    );
  }

  async release(collection: string): Promise<void> {
    await this.#request(`release ${collection}`, collection, (sdk, named) => sdk.releaseCollection(named));
  }

  /** Newer servers refuse it while an alias names the collection. */
  async drop(collection: string): Promise<void> {
    await this.#request(`drop ${collection}`, collection, (sdk, named) => sdk.dropCollection(named));
  }

  async dropAlias(alias: string): Promise<void> {
    await this.#request(`drop ${alias}`, null, (sdk) => sdk.dropAlias({ alias, timeout: requestTimeoutMs }));
  }

  close(): Promise<void> {
    return this.#connection.close();
  }

  async #loadState(collection: string, signal?: AbortSignal): Promise<string> {
    const doing = `read the state of ${collection}`;
    return (await this.#request(doing, collection, (sdk, named) => sdk.getLoadState(named), signal)).state;
  }

  async #request<T extends SdkStatus | { readonly status: SdkStatus }>(
    doing: string,
    collection: string | null,
    ask: (sdk: Sdk, named: { collection_name: string; timeout: number }, attempt: Attempt) => Promise<T>,
    signal?: AbortSignal,
  ): Promise<T> {
    const named = { collection_name: collection ?? '', timeout: requestTimeoutMs };
    return this.#connection.request(doing, collection, (sdk, attempt) => ask(sdk, named, attempt), signal);
  }
}

function isOutage(error: unknown): boolean {
  return error instanceof MilvusFailure && error.isOutage;
}

async function pause(signal?: AbortSignal): Promise<void> {
  await delay(pollMs, undefined, signal === undefined ? {} : { signal }).catch((error: unknown) => {
    throw new LeitmotifError('cancelled', 'Waiting for Milvus was cancelled', { cause: error });
  });
}
