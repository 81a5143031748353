/** `npm run library -- clusters [mark|unmark|marked]`: what of the library may not be music, heard and taken out. */
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import Table from 'cli-table3';
import type { App } from '../app.ts';
import { cutClips } from '../audio/clip.ts';
import { plainInput } from '../audio/input.ts';
import type { Mark } from '../catalog/marks.ts';
import type { Track } from '../domain.ts';
import { LeitmotifError } from '../errors.ts';
import { counted, formatTime, oneLine, trackName } from '../format.ts';
import type { ClusterMember } from '../indexing/clusters/clusters.ts';
import type { ReviewedCluster } from '../indexing/clusters/review-clusters.ts';

export interface ClustersCommandOptions {
  readonly clips?: string;
  readonly all?: true;
}

/** Suspicion that a reason of weight reaches alone; below it the list would be all the quiet music. */
const shownFrom = 1;
const shownMax = 12;

const print = (text: string): void => {
  process.stdout.write(`${text}\n`);
};

export async function clustersCommand(app: App, options: ClustersCommandOptions, signal: AbortSignal): Promise<number> {
  const { clusters, chunks, tracks } = await app.indexing.clusters(signal);
  const suspicious = clusters.filter(({ suspicion }) => suspicion >= shownFrom).slice(0, shownMax);
  const shown = options.all ? clusters : suspicious;
  print(
    `${counted(chunks, 'chunk')} of ${counted(tracks, 'track')} in ${counted(clusters.length, 'cluster')} by sound.`,
  );
  if (shown.length === 0) {
    print('None of them is suspicious; --all shows them.');
    return 0;
  }
  print(clusterTable(app, shown).toString());
  if (options.clips !== undefined) await writeClips(app, shown, options.clips, signal);
  print(
    'Listen first (--clips DIR). npm run library -- clusters mark CLUSTER takes one out of all answers; unmark undoes it.',
  );
  return 0;
}

function clusterTable(app: App, clusters: readonly ReviewedCluster[]) {
  const table = new Table({
    head: ['cluster', 'chunks', 'tracks', 'left out\nalready', 'why it may not be music', 'for example'],
    style: { head: [], border: [] },
  });
  const named = app.catalog.tracks.byIds(clusters.flatMap(({ examples }) => examples.map(({ trackId }) => trackId)));
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

/** cluster-01-1-a-title-0m40.mp3: sorted by cluster, the nearest to its middle first. */
async function writeClips(app: App, clusters: readonly ReviewedCluster[], dir: string, signal: AbortSignal) {
  const library = app.libraries.current();
  if (!library) throw new LeitmotifError('file-unreadable', 'Cannot cut clips: the library is not known');
  await mkdir(dir, { recursive: true });
  const named = app.catalog.tracks.byIds(clusters.flatMap(({ examples }) => examples.map(({ trackId }) => trackId)));
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
        await cutClips([{ source, output }], { limits: app.queries.clipLimits, signal });
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

export async function markClustersCommand(app: App, ids: readonly number[], signal: AbortSignal): Promise<number> {
  for (const mark of await app.indexing.markClusters([...new Set(ids)], signal)) {
    print(`Mark ${mark.id}: ${sizeOf(mark)} are not music now. Undo it: npm run library -- clusters unmark ${mark.id}`);
  }
  print('Answers leave them out from now on. Recordings that are indexed later are held to the same marks.');
  return 0;
}

export async function liftMarkCommand(app: App, id: number, signal: AbortSignal): Promise<number> {
  const mark = await app.indexing.liftMark(id, signal);
  print(`Mark ${mark.id} is lifted: ${sizeOf(mark)} are music again.`);
  return 0;
}

export async function listMarksCommand(app: App): Promise<number> {
  const marks = app.catalog.marks.list(await app.worker.spaceId());
  for (const mark of marks) {
    print(`Mark ${mark.id}: ${sizeOf(mark)}; made ${new Date(mark.madeAtMs).toISOString()} of ${mark.note}`);
  }
  print(marks.length === 0 ? 'Nothing is marked.' : 'npm run library -- clusters unmark MARK lifts one.');
  return 0;
}

function sizeOf({ chunks, tracks }: Mark): string {
  return `${chunks} ${chunks === 1 ? 'chunk' : 'chunks'} of ${tracks} ${tracks === 1 ? 'track' : 'tracks'}`;
}
