/** `npm run library -- clusters [mark|unmark|marked]`: finds chunks that may not be music, and excludes them. */
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import Table from 'cli-table3';
import { cutClips } from '../audio/clip.ts';
import { plainInput } from '../audio/input.ts';
import type { Mark } from '../catalog/marks.ts';
import type { Track } from '../domain.ts';
import { LeitmotifError } from '../errors.ts';
import { counted, formatTime, oneLine, trackName } from '../format.ts';
import type { ClusterMember } from '../indexing/clusters/clusters.ts';
import type { ReviewedCluster } from '../indexing/clusters/review-clusters.ts';
import type { Services } from '../services/services.ts';

export interface ClustersCommandOptions {
  readonly clips?: string;
  readonly all?: true;
}

/** A strong reason reaches this suspicion alone. A lower threshold would list all quiet music. */
const shownFrom = 1;
const shownMax = 12;

const print = (text: string): void => {
  process.stdout.write(`${text}\n`);
};

export type ClusterServices = Pick<Services, 'catalog' | 'libraries' | 'queries' | 'indexing'>;

export async function clustersCommand(
  services: ClusterServices,
  options: ClustersCommandOptions,
  signal: AbortSignal,
): Promise<number> {
  const { clusters, chunks, tracks } = await services.indexing.clusters(signal);
  const suspicious = clusters.filter(({ suspicion }) => suspicion >= shownFrom).slice(0, shownMax);
  const shown = options.all ? clusters : suspicious;
  print(
    `${counted(chunks, 'chunk')} of ${counted(tracks, 'track')} in ${counted(clusters.length, 'cluster')} by sound.`,
  );
  if (shown.length === 0) {
    print('No cluster is suspicious; --all shows them all.');
    return 0;
  }
  print(clusterTable(services, shown).toString());
  if (options.clips !== undefined) await writeClips(services, shown, options.clips, signal);
  print(
    'Listen first (--clips DIR). npm run library -- clusters mark CLUSTER excludes a cluster from all answers; unmark undoes it.',
  );
  return 0;
}

function clusterTable({ catalog }: Pick<Services, 'catalog'>, clusters: readonly ReviewedCluster[]) {
  const table = new Table({
    head: ['cluster', 'chunks', 'tracks', 'excluded\nalready', 'why it may not be music', 'examples'],
    style: { head: [], border: [] },
  });
  const named = catalog.tracks.byIds(clusters.flatMap(({ examples }) => examples.map(({ trackId }) => trackId)));
  for (const { id, chunks, tracks, rejectedShare, markedShare, reasons, examples } of clusters) {
    const marked = markedShare > 0 ? `\n${percent(markedShare)} marked` : '';
    table.push([
      String(id),
      String(chunks),
      String(tracks),
      `${percent(rejectedShare)} by the gate${marked}`,
      reasons.map(({ text }) => text).join('\n') || 'nothing',
      examples.map((example) => placeOf(example, named)).join('\n'),
    ]);
  }
  return table;
}

function placeOf({ trackId, startSec }: ClusterMember, named: ReadonlyMap<number, Track>): string {
  const track = named.get(trackId);
  return `${track ? oneLine(trackName(track), 40) : `track ${trackId}`} ${formatTime(startSec)}`;
}

function percent(share: number): string {
  return `${Math.round(100 * share)} %`;
}

/** Writes clips such as cluster-01-1-a-title-0m40.mp3: sorted by cluster, the example nearest to its centre first. */
async function writeClips(
  { catalog, libraries, queries }: ClusterServices,
  clusters: readonly ReviewedCluster[],
  dir: string,
  signal: AbortSignal,
) {
  const library = libraries.current();
  if (!library) throw new LeitmotifError('file-unreadable', 'Cannot cut clips: the library is unknown');
  await mkdir(dir, { recursive: true });
  const named = catalog.tracks.byIds(clusters.flatMap(({ examples }) => examples.map(({ trackId }) => trackId)));
  let written = 0;
  for (const { id, examples } of clusters) {
    for (const [i, example] of examples.entries()) {
      const track = named.get(example.trackId);
      if (!track) continue;
      try {
        await using file = await library.seekable(track.key, { signal });
        const { startSec, endSec, loudnessDb } = example;
        const source = { ...plainInput(file), startSec, durationSec: endSec - startSec, loudnessDb };
        const output = { path: path.join(dir, clipName(id, i, track, startSec)), tags: clipTags(id, track, startSec) };
        await cutClips([{ source, output }], { limits: queries.clipLimits, signal });
        written += 1;
      } catch (error) {
        signal.throwIfAborted();
        if (!(error instanceof LeitmotifError) || error.code === 'disk-full') throw error;
        print(`No clip of ${oneLine(trackName(track))}: ${error.message}`);
      }
    }
  }
  print(`${counted(written, 'clip')} in ${dir}`);
}

function clipName(id: number, i: number, track: Track, startSec: number): string {
  const words = oneLine(trackName(track), 40)
    .normalize('NFKD')
    .replace(/[^\p{L}\p{N}]+/gu, '-')
    .toLowerCase();
  const cluster = String(id).padStart(2, '0');
  return `cluster-${cluster}-${i + 1}-${words.replace(/^-|-$/g, '') || 'untitled'}-${formatTime(startSec).replaceAll(':', 'm')}.mp3`;
}

function clipTags(id: number, track: Track, startSec: number) {
  const title = `Cluster ${id}: ${trackName(track)} (${formatTime(startSec)})`;
  return { title, artist: track.artist, comment: `cluster ${id} of the library` };
}

export async function markClustersCommand(
  { indexing }: Pick<Services, 'indexing'>,
  ids: readonly number[],
  signal: AbortSignal,
): Promise<number> {
  for (const mark of await indexing.markClusters([...new Set(ids)], signal)) {
    print(
      `Mark ${mark.id}: ${sizeOf(mark)} now count as not music. Undo: npm run library -- clusters unmark ${mark.id}`,
    );
  }
  print('Answers exclude them from now on. The marks also apply to recordings that are indexed later.');
  return 0;
}

export async function liftMarkCommand(
  { indexing }: Pick<Services, 'indexing'>,
  id: number,
  signal: AbortSignal,
): Promise<number> {
  const mark = await indexing.liftMark(id, signal);
  print(`Removed mark ${mark.id}: ${sizeOf(mark)} count as music again.`);
  return 0;
}

export async function listMarksCommand({ catalog, worker }: Pick<Services, 'catalog' | 'worker'>): Promise<number> {
  const marks = catalog.marks.list(await worker.spaceId());
  for (const mark of marks) {
    print(`Mark ${mark.id}: ${sizeOf(mark)}; made ${new Date(mark.madeAtMs).toISOString()} of ${mark.note}`);
  }
  print(marks.length === 0 ? 'There are no marks.' : 'npm run library -- clusters unmark MARK removes a mark.');
  return 0;
}

function sizeOf({ chunks, tracks }: Mark): string {
  return `${chunks} ${chunks === 1 ? 'chunk' : 'chunks'} of ${tracks} ${tracks === 1 ? 'track' : 'tracks'}`;
}
