/** `npm run library -- status|failures|remove|rollback` */
import Table from 'cli-table3';
import type { Failure } from '../catalog/track-rows.ts';
import { LeitmotifError, toLeitmotifError } from '../errors.ts';
import { counted, formatBytes, formatDuration, oneLine } from '../format.ts';
import { engineOf, type IndexEngines } from '../index/engine.ts';
import { currentManifest } from '../index/generation.ts';
import { rollBack } from '../index/generation-folder.ts';
import { type GenerationManifest, liveRowCount } from '../index/manifest.ts';
import { isDue } from '../indexing/cool-down.ts';
import { folderBytes } from '../io/folder-bytes.ts';
import type { Services } from '../services/services.ts';

/** The status starts the worker to show the model and device in use. Loading hundreds of megabytes takes time. */
const workerWithinMs = 60_000;
/** The next index run deletes the rest. */
const clipsRemovedWithinMs = 60_000;
const reasonLengthMax = 300;

const print = (text: string): void => {
  process.stdout.write(`${text}\n`);
};

type StatusServices = Pick<Services, 'config' | 'catalog' | 'worker' | 'libraries' | 'engines'>;

export async function printLibraryStatus(services: StatusServices): Promise<number> {
  const { catalog, config, worker } = services;
  const counts = catalog.counts();
  const table = new Table({ style: { head: [], border: [] } });
  table.push(['library', catalog.libraryLocation ?? 'none yet: npm run index -- DIR']);
  table.push([
    'tracks',
    `${counts.tracks.indexed} indexed, ${counts.tracks.failed} failed, ${counts.tracks.removed} removed`,
  ]);
  table.push(['audio', `${counts.hours.toFixed(1)} hours`]);
  for (const { spaceId, tracks, chunks } of counts.spaces) {
    const { music, silence, applause, noise } = chunks;
    const out = `${silence} silence, ${applause} applause, ${noise} noise`;
    table.push([
      `space ${spaceId}`,
      `${counted(tracks, 'track')}, ${counted(music, 'chunk')} of music; excluded: ${out}`,
    ]);
  }
  table.push(...(await workerRows(services)));
  const marks = catalog.marks.list(await worker.spaceId());
  if (marks.length > 0)
    table.push(['marked', `${counted(marks.length, 'cluster')} as not music: npm run library -- clusters marked`]);
  table.push(...clipsRow(services));
  table.push(...(await generationRows(services)));
  table.push(['last run', lastRun(services)]);
  table.push(['disk', `${formatBytes(await folderBytes(config.indexDir))} in ${config.indexDir}`]);
  print(table.toString());
  return 0;
}

/** The worker's model and device, with the reasons against faster devices; or the reason why there is no worker. */
async function workerRows({ config, worker }: Pick<Services, 'config' | 'worker'>): Promise<[string, string][]> {
  const { model: wanted, device } = config;
  const deadline = AbortSignal.timeout(workerWithinMs);
  const late = new Promise<never>((_, reject) => {
    deadline.addEventListener('abort', () =>
      reject(new LeitmotifError('worker-unavailable', `The worker is not ready after ${workerWithinMs / 1000} s`)),
    );
  });
  try {
    const { models } = await Promise.race([worker.client().then((client) => client.models(deadline)), late]);
    const model = models.find(({ name }) => name === wanted);
    if (!model) return [['model', `${wanted}: the worker has ${models.map(({ name }) => name).join(', ')}`]];
    const passedOver = model.passedOver.map((reason) => `\nnot ${oneLine(reason, reasonLengthMax)}`);
    return [
      ['model', `${model.name} ${model.version} (${model.licence}), windows of ${model.windowSec} s`],
      ['device', `${oneLine(model.device)}${passedOver.join('')}`],
    ];
  } catch (error) {
    return [['model', `${wanted} on ${device}: ${toLeitmotifError(error).message}`]];
  }
}

function clipsRow({ catalog, libraries: { clipStore } }: Pick<Services, 'catalog' | 'libraries'>): [string, string][] {
  if (clipStore === null) return [];
  const { sets, clips, bytes, failed } = catalog.clips.counts(clipStore.location);
  const missing = failed > 0 ? `; of ${counted(failed, 'recording')} some are missing; the next run tries again` : '';
  return [
    ['clips', `${clips} of ${counted(sets, 'recording')}, ${formatBytes(bytes)} in ${clipStore.location}${missing}`],
  ];
}

/** The generation that answers, and where its vectors are if Milvus is configured or has them. */
async function generationRows({ config, catalog, worker, engines }: StatusServices): Promise<[string, string][]> {
  const read = async () =>
    currentManifest({ indexDir: config.indexDir, spaceId: await worker.spaceId(), catalogId: catalog.id });
  const found = await read().catch(toLeitmotifError);
  return [['generation', generationLine(found)], ...(await vectorRows(found instanceof Error ? null : found, engines))];
}

function generationLine(found: GenerationManifest | LeitmotifError): string {
  if (found instanceof Error) return found.message;
  const { id, trackCount, createdAt } = found;
  return `${id}, ${counted(liveRowCount(found), 'chunk')} of ${counted(trackCount, 'track')}, built ${createdAt}`;
}

async function vectorRows(manifest: GenerationManifest | null, { milvus }: IndexEngines): Promise<[string, string][]> {
  const isThere = manifest !== null && engineOf(manifest) === 'milvus';
  if (milvus === undefined) return isThere ? [['vectors', 'in Milvus, and VECTOR_INDEX names none']] : [];
  const { ok, about } = await milvus.health();
  if (!isThere) return [['vectors', `${about}; in files on this machine until the next npm run index`]];
  if (!ok) return [['vectors', about]];
  try {
    const { rows, indexType, recall } = await milvus.statistics(manifest);
    const exact = indexType === 'FLAT' ? ' (exact)' : `, recall@5 ${recall.toFixed(3)} when it was built`;
    return [['vectors', `${about}: ${counted(rows, 'row')}, ${indexType}${exact}`]];
  } catch (error) {
    return [['vectors', toLeitmotifError(error).message]];
  }
}

function lastRun({ catalog }: Pick<Services, 'catalog'>): string {
  const job = catalog.jobs.last('index');
  if (!job) return 'none';
  const took = job.finishedAtMs === null ? '' : `, ${formatDuration((job.finishedAtMs - job.startedAtMs) / 1000)}`;
  const why = job.error ? `: ${job.error.message}` : '';
  return `${new Date(job.startedAtMs).toISOString()}, ${job.state}${took}${why}`;
}

export async function printLibraryFailures({ catalog }: Pick<Services, 'catalog'>): Promise<number> {
  const failures = catalog.tracks.failures();
  for (const { key, code, message, tries, ...times } of failures) {
    const tried = `tried ${tries === 1 ? 'once' : `${tries} times`}, ${againWords(times, catalog.nowMs())}`;
    print(`${oneLine(key, 400)}\n    ${code}, ${tried}: ${oneLine(message, 400)}`);
  }
  print(
    failures.length === 0
      ? 'No failures.'
      : `${failures.length} failed; npm run index -- DIR --retry-failed retries all of them now.`,
  );
  return 0;
}

function againWords(times: Pick<Failure, 'atMs' | 'retryAtMs'>, nowMs: number): string {
  if (times.retryAtMs === null) return 'retried when it changes';
  return isDue(times, nowMs) ? 'retried in the next run' : `retried from ${new Date(times.retryAtMs).toISOString()} on`;
}

export async function libraryRemove(
  { catalog, indexing }: Pick<Services, 'catalog' | 'indexing'>,
  keys: readonly string[],
): Promise<number> {
  catalog.removals.remove(keys, 'request');
  print(
    `Removed ${keys.length === 1 ? oneLine(keys[0] ?? '') : counted(keys.length, 'track')}: answers no longer include ${keys.length === 1 ? 'it' : 'them'}.`,
  );
  const clips = await indexing.tidyClips(AbortSignal.timeout(clipsRemovedWithinMs)).catch(() => null);
  if (clips && clips.removed > 0) print(`Deleted the stored clips of ${counted(clips.removed, 'recording')}.`);
  return 0;
}

export async function libraryRollback({ config, worker }: Pick<Services, 'config' | 'worker'>): Promise<number> {
  const id = await rollBack(config.indexDir, await worker.spaceId());
  print(
    `Generation ${id} is now in use; a running bot switches within seconds. It stays until the library changes: then the next ` +
      'index run builds a new one from the catalog and reports that. A second rollback undoes this one.',
  );
  return 0;
}
