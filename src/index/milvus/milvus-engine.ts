/** The engine of generations whose vectors are in a Milvus server: docs/decisions/056-milvus-beside-faiss.md. */
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { LeitmotifError } from '../../errors.ts';
import type { DeltaInput } from '../delta-writer.ts';
import type {
  EngineHealth,
  EngineStatistics,
  IndexEngine,
  OpenIndexOptions,
  PartRows,
  SpaceName,
  Swept,
} from '../engine.ts';
import { readCurrent, spaceFolder } from '../generation-folder.ts';
import { type GenerationInput, writeGenerationFiles } from '../generation-writer.ts';
import { type GenerationManifest, manifestName, readManifest } from '../manifest.ts';
import { publishGeneration } from '../publish-generation.ts';
import type { OpenIndex } from '../vector-index.ts';
import { addRows } from './addition.ts';
import { MilvusClient } from './client.ts';
import { LiveRows } from './live-rows.ts';
import { MilvusIndex } from './milvus-index.ts';
import { moveToMilvus } from './move.ts';
import { aliasOf, stemOf } from './names.ts';
import { presentReferences } from './references.ts';
import type { MilvusSettings } from './settings.ts';
import { StoredRows } from './stored-rows.ts';
import { assertWhole, settleAll } from './whole.ts';

export class MilvusEngine implements IndexEngine {
  readonly name = 'milvus';
  /** Adding to a collection takes a second at any size; making one takes several. */
  readonly baseRowsMin = 1;
  readonly #settings: MilvusSettings;
  readonly #client: MilvusClient;

  /** Connects on first use. */
  constructor(settings: MilvusSettings) {
    this.#settings = settings;
    this.#client = new MilvusClient(settings);
  }

  async write(input: GenerationInput): Promise<GenerationManifest> {
    await this.#client.version(input.signal);
    // What earlier runs have left; the collections that are replaced now stay until the next run.
    await this.sweep(input, input.signal);
    const manifest = await publishGeneration(input, async (partial) => {
      const written = await writeGenerationFiles(input, partial);
      return moveToMilvus(this.#client, this.#settings, { manifest: written, folder: partial, signal: input.signal });
    });
    await this.#setAliases(manifest);
    return manifest;
  }

  async change(input: DeltaInput): Promise<GenerationManifest> {
    await this.sweep({ ...input.from, indexDir: input.indexDir }, input.signal);
    // Not a number of a row of the generation that a user rolled back from.
    const kept = await keptIn(spaceFolder(input.indexDir, input.spaceId));
    const isShared = ({ manifest }: Kept) => manifest.milvus?.collections[0] === input.from.milvus?.collections[0];
    const sharing = (kept ?? []).filter(isShared).map(({ manifest }) => manifest.rowCount);
    const firstRow = Math.max(input.from.rowCount, ...sharing);
    const manifest = await publishGeneration(input, (partial) => addRows(this.#client, input, { partial, firstRow }));
    await this.#setAliases(manifest);
    return manifest;
  }

  open(manifest: GenerationManifest, folder: string, { reuse }: OpenIndexOptions): Promise<OpenIndex> {
    return MilvusIndex.open(this.#client, manifest, folder, reuse);
  }

  rows(manifest: GenerationManifest, folder: string, part: number, signal: AbortSignal): Promise<PartRows> {
    return StoredRows.open(this.#client, { manifest, folder, part, signal });
  }

  async check(manifest: GenerationManifest, folder: string, signal?: AbortSignal): Promise<void> {
    const { milvus, parts, rowCount } = manifest;
    if (milvus === undefined) return;
    const live = await LiveRows.read(manifest, folder);
    const references = await presentReferences(manifest, folder, live);
    const checks = parts.map(({ dimensions }, part) =>
      assertWhole({
        ...{ client: this.#client, collection: milvus.collections[part] ?? '', search: null },
        ...{ dimensions, rowCount, liveRows: live.count, signal },
        references: references[part] ?? { rows: [], vectors: [] },
      }),
    );
    await settleAll(checks);
    if (await isCurrent(manifest, folder)) await this.#setAliases(manifest);
  }

  /** Drops collections that no generation in CURRENT names, and deletes rows that none of them has. */
  async sweep({ indexDir, spaceId, catalogId }: SpaceName, signal?: AbortSignal): Promise<Swept[]> {
    const folder = spaceFolder(indexDir, spaceId);
    const stem = stemOf(this.#settings.prefix, { spaceId, catalogId });
    const kept = await keptIn(folder);
    if (kept === null) return [];
    const named = new Set(kept.flatMap(({ manifest: { milvus } }) => milvus?.collections ?? []));
    const swept: Swept[] = [];
    for (const collection of await this.#client.list(signal)) {
      if (!collection.startsWith(stem) || named.has(collection)) continue;
      await this.#dropAliasesOf(collection, kept[0]?.manifest ?? null, { spaceId, catalogId });
      await this.#client.drop(collection);
      swept.push({ what: `collection ${collection} in Milvus`, bytes: 0 });
    }
    const answering = new Set<string>(kept[0]?.manifest.milvus?.collections ?? []);
    for (const collection of named) {
      // It is stored for roll-back, and takes no memory meanwhile.
      if (!answering.has(collection)) await this.#release(collection, signal);
      const rows = await this.#sweepRows(collection, kept, signal);
      if (rows > 0) swept.push({ what: `${rows} rows of collection ${collection} in Milvus`, bytes: 0 });
    }
    return swept;
  }

  async health(): Promise<EngineHealth> {
    const where = `Milvus at ${this.#client.address}`;
    try {
      return { ok: true, about: `${where}, version ${await this.#client.version()}` };
    } catch (error) {
      return { ok: false, about: (error as Error).message };
    }
  }

  async statistics({ milvus }: GenerationManifest): Promise<EngineStatistics> {
    if (milvus === undefined) throw new RangeError('Cannot count: the vectors are not in Milvus');
    const rows = await this.#client.count(milvus.collections[0] ?? '');
    return { rows, indexType: milvus.indexType, recall: milvus.recall };
  }

  close(): Promise<void> {
    return this.#client.close();
  }

  async #setAliases(manifest: GenerationManifest): Promise<void> {
    for (const [part, { name }] of manifest.parts.entries()) {
      const collection = manifest.milvus?.collections[part];
      if (collection !== undefined)
        await this.#client.setAlias(aliasOf(this.#settings.prefix, manifest, name), collection);
    }
  }

  /** The alias of a part names the collection if no other generation of Milvus is current. */
  async #dropAliasesOf(
    collection: string,
    current: GenerationManifest | null,
    owner: Pick<SpaceName, 'spaceId' | 'catalogId'>,
  ): Promise<void> {
    if (current?.milvus !== undefined) return this.#setAliases(current);
    const part = /_(whole|sound|harmony)_[0-9a-f]+_[0-9a-f]+$/.exec(collection)?.[1] as 'whole' | undefined;
    if (part === undefined) return;
    await this.#client.dropAlias(aliasOf(this.#settings.prefix, owner, part)).catch((error: unknown) => {
      if (error instanceof LeitmotifError && error.code === 'cancelled') throw error;
      // There is no such alias.
    });
  }

  async #release(collection: string, signal?: AbortSignal): Promise<void> {
    if (!(await this.#client.has(collection, signal)) || !(await this.#client.isLoaded(collection, signal))) return;
    await this.#client.release(collection);
  }

  /** @returns the number of deleted rows */
  async #sweepRows(collection: string, kept: readonly Kept[], signal?: AbortSignal): Promise<number> {
    const users = kept.filter(({ manifest }) => manifest.milvus?.collections.includes(collection));
    const lives = await Promise.all(users.map(({ manifest, folder }) => LiveRows.read(manifest, folder)));
    const rowCount = Math.max(...users.map(({ manifest }) => manifest.rowCount));
    const dead: number[] = [];
    for (let row = 0; row < rowCount; row += 1) if (!lives.some((live) => live.has(row))) dead.push(row);
    if (!(await this.#client.has(collection, signal)) || !(await this.#client.isLoaded(collection, signal))) return 0;
    // Rows of the last seconds are not left over.
    const there = await this.#client.count(collection, '', signal, 'Bounded');
    if (there <= rowCount - dead.length) return 0;
    await this.#client.deleteRows(collection, dead, signal);
    // Of a run that was killed after it had sent them.
    await this.#client.deleteFrom(collection, rowCount, signal);
    return there - (await this.#client.count(collection, '', signal));
  }
}

interface Kept {
  readonly manifest: GenerationManifest;
  readonly folder: string;
}

/** @returns the generations in CURRENT; null if one of them cannot be read: then nothing may be deleted */
async function keptIn(folder: string): Promise<Kept[] | null> {
  try {
    const there = await readdir(folder).catch(() => [] as string[]);
    const ids = there.length === 0 ? [] : await readCurrent(folder);
    return await Promise.all(
      ids.map(async (id) => {
        const own = path.join(folder, id);
        return { manifest: await readManifest(path.join(own, manifestName)), folder: own };
      }),
    );
  } catch (error) {
    if (error instanceof LeitmotifError && error.code === 'index-corrupt') return null;
    throw error;
  }
}

async function isCurrent({ id }: GenerationManifest, folder: string): Promise<boolean> {
  const [current] = await readCurrent(path.dirname(folder)).catch(() => []);
  return current === id;
}
