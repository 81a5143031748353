/** Verifies the index folder, with `deep` also against the recordings, and repairs what it can. The caller holds the index
 *  lock. */
import { setImmediate } from 'node:timers/promises';
import type { Catalog } from '../catalog/catalog.ts';
import { LeitmotifError } from '../errors.ts';
import { counted } from '../format.ts';
import { removeDamaged } from '../index/damaged-generations.ts';
import type { IndexEngines } from '../index/engine.ts';
import { spaceFolder } from '../index/generation-folder.ts';
import type { GenerationOutcome } from '../indexing/update-generation.ts';
import { hashOf } from '../io/hash.ts';
import type { ClipStore } from '../library/clip-store.ts';
import type { Library } from '../library/library.ts';
import { removeDamagedMaps } from './maps.ts';
import { removeStrays, removeStrayVectors } from './stray-files.ts';

export interface VerifyOptions {
  readonly catalog: Catalog;
  readonly indexDir: string;
  readonly engines?: IndexEngines;
  /** Reads every vector and every byte of every recording. */
  readonly deep: boolean;
  /** Null when unknown. */
  readonly library: Library | null;
  /** Null when clips are off. */
  readonly clips: ClipStore | null;
  /** Rebuilds a space's generation if it is missing, damaged or out of date. */
  readonly rebuild: (spaceId: string) => Promise<GenerationOutcome>;
  readonly nowMs: number;
  readonly signal: AbortSignal;
  readonly onProgress?: (done: number, total: number) => void;
}

/** mended: repaired;  next-run: the next `npm run index` repairs it;  yours: the operator must act */
export type Remedy = 'mended' | 'next-run' | 'yours';

export interface Finding {
  readonly where: 'catalog' | 'index' | 'files' | 'recordings' | 'clips';
  readonly what: string;
  readonly remedy: Remedy;
}

export async function verifyIndex(options: VerifyOptions): Promise<Finding[]> {
  const { catalog, deep } = options;
  const damage = catalog.inspection.file(deep);
  // Reads from a damaged file are unreliable, and writes make the damage worse.
  if (damage.length > 0) return damage.map((what) => ({ where: 'catalog', what, remedy: 'yours' }));
  return [
    ...countFindings(catalog),
    ...(deep ? await vectorFindings(options) : []),
    ...(deep ? await recordingFindings(options) : []),
    ...(await generationFindings(options)),
    ...(await mapFindings(options)),
    ...(await strayFindings(options)),
    ...(await clipFindings(options)),
  ];
}

function countFindings({ inspection }: Catalog): Finding[] {
  const wrong = inspection.repairCounts();
  if (wrong === 0) return [];
  return [{ where: 'catalog', what: `the count of chunks was wrong for ${counted(wrong, 'track')}`, remedy: 'mended' }];
}

async function vectorFindings({ catalog, signal }: VerifyOptions): Promise<Finding[]> {
  const bad = new Map<string, { trackId: number; key: string; spaceId: string; why: string }>();
  for (const found of catalog.inspection.badTracks()) {
    if (found === null) {
      await setImmediate();
      signal.throwIfAborted();
    } else {
      const name = `${found.trackId} ${found.spaceId}`;
      if (!bad.has(name)) bad.set(name, found);
    }
  }
  for (const track of bad.values()) catalog.inspection.dropVectors(track);
  return [...bad.values()].map(({ key, why }) => ({
    where: 'catalog',
    what: `${key}: ${why}; its vectors were dropped`,
    remedy: 'next-run',
  }));
}

async function recordingFindings(options: VerifyOptions): Promise<Finding[]> {
  const { catalog, library, signal, onProgress } = options;
  if (library === null) return [];
  const known = [...catalog.tracks.known('').values()].filter(
    ({ status, sizeBytes, contentSha256 }) => status === 'indexed' && sizeBytes !== null && contentSha256 !== null,
  );
  const findings: Finding[] = [];
  for (const [at, { key, contentSha256 }] of known.entries()) {
    signal.throwIfAborted();
    onProgress?.(at, known.length);
    try {
      if ((await library.look(key, { signal })) === null) {
        findings.push({ where: 'recordings', what: `${key}: its file is gone`, remedy: 'next-run' });
        continue;
      }
      if ((await hashOf(library.read(key, { signal }))) === contentSha256) continue;
      catalog.inspection.requestReread(key);
      findings.push({
        where: 'recordings',
        what: `${key}: it holds other bytes than were indexed`,
        remedy: 'next-run',
      });
    } catch (error) {
      signal.throwIfAborted();
      findings.push({ where: 'recordings', what: `${key}: ${(error as Error).message}`, remedy: 'yours' });
    }
  }
  onProgress?.(known.length, known.length);
  return findings;
}

async function generationFindings(options: VerifyOptions): Promise<Finding[]> {
  try {
    return await damageFindings(options);
  } catch (error) {
    if (!(error instanceof LeitmotifError) || error.code !== 'index-unavailable') throw error;
    return [{ where: 'index', what: error.message, remedy: 'yours' }];
  }
}

async function damageFindings({ catalog, indexDir, engines, rebuild }: VerifyOptions): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const { spaceId } of catalog.spaces.list()) {
    for (const { id, why } of await removeDamaged(spaceFolder(indexDir, spaceId), engines)) {
      findings.push({ where: 'index', what: `${spaceId}: generation ${id} is gone: ${why}`, remedy: 'mended' });
    }
    const outcome = await rebuild(spaceId);
    if (outcome.kind !== 'written') continue;
    const what = `${spaceId}: was missing, old or damaged; built again as generation ${outcome.id}`;
    findings.push({ where: 'index', what, remedy: 'mended' });
  }
  return findings;
}

/** A map is made again when it is next asked for. */
async function mapFindings({ indexDir }: VerifyOptions): Promise<Finding[]> {
  const removed = await removeDamagedMaps(indexDir);
  return removed.map((what) => ({ where: 'index', what, remedy: 'mended' }));
}

async function strayFindings({ catalog, indexDir, engines, nowMs }: VerifyOptions): Promise<Finding[]> {
  // Collections outlive their generations until the next run or tidy, for programs that still search them: no finding.
  await removeStrayVectors(indexDir, catalog, engines);
  const strays = await removeStrays(indexDir, nowMs);
  return strays.map(({ path, bytes }) => ({
    where: 'files',
    what: `${path} belonged to nothing (${bytes} bytes) and is gone`,
    remedy: 'mended',
  }));
}

/** Counts clips by content, as they are named. Clips that the ledger does not know may belong to another catalog and stay. */
async function clipFindings({ catalog, clips, signal }: VerifyOptions): Promise<Finding[]> {
  if (clips === null) return [];
  const found = new Map<string, number>();
  try {
    for await (const name of clips.names({ signal })) {
      const [content = ''] = name.split('/');
      found.set(content, (found.get(content) ?? 0) + 1);
    }
  } catch (error) {
    signal.throwIfAborted();
    return [{ where: 'clips', what: (error as Error).message, remedy: 'yours' }];
  }
  const { contents, stored } = catalog.clips.expected(clips.location);
  const lacking = stored.filter(({ set, clips: count }) => (found.get(set.contentSha256) ?? 0) < count);
  for (const { set, clips: count } of lacking) {
    const message = `${found.get(set.contentSha256) ?? 0} of ${counted(count, 'clip')} stored`;
    catalog.clips.failed(set, { code: 'file-unreadable', message });
  }
  const foreign = [...found.keys()].filter((content) => !contents.has(content));
  const findings: Finding[] = [];
  if (lacking.length > 0) {
    const what = `clips of ${counted(lacking.length, 'recording')} are missing in ${clips.location}`;
    findings.push({ where: 'clips', what, remedy: 'next-run' });
  }
  if (foreign.length > 0) {
    const what = `${clips.location} holds clips of ${counted(foreign.length, 'recording')} that this catalog never stored there`;
    findings.push({ where: 'clips', what, remedy: 'yours' });
  }
  return findings;
}
