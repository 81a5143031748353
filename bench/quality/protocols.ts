/** The benchmark's queries and their right answers. Each protocol makes a library and queries; the search is the same for all:
 *  neighbours of every music chunk, fused, compared with the query's label.
 */
import type { Chunk, Hit } from '../../src/domain.ts';
import { fuse } from '../../src/ranking/fusion.ts';
import { type BenchFusionName, benchFusionNames, fusions } from './fusions.ts';
import { type BenchLibrary, type BenchTrack, hitsOf } from './library.ts';
import type { Outcome } from './metrics.ts';

/** The product's default number of neighbours a chunk. */
export const neighbours = 5;

export interface BenchQuery {
  /** Queries from one recording share it. */
  readonly group: string;
  readonly label: string;
  readonly chunks: readonly Chunk[];
  /** Library tracks excluded from the answers: the query's own track, unless it is the right answer. */
  readonly without: ReadonlySet<number>;
}

/** Every track is a query for others of its label. Tracks with a unique label have no right answer and are skipped. */
export function wholeTrackQuestions({ tracks }: BenchLibrary): BenchQuery[] {
  const sizes = Map.groupBy(tracks, ({ label }) => label);
  return tracks
    .filter(({ label, chunks }) => (sizes.get(label)?.length ?? 0) > 1 && chunks.length > 0)
    .map(({ name, label, chunks, trackId }) => ({ group: name, label, chunks, without: new Set([trackId]) }));
}

/** Up to three evenly spread stretches of each query, like a user's excerpt of a piece. */
export function excerptQuestions(questions: readonly BenchQuery[], chunksPerExcerpt: number): BenchQuery[] {
  return questions.flatMap((question) => {
    const last = question.chunks.length - chunksPerExcerpt;
    if (last < 0) return [];
    const starts = new Set([0.2, 0.5, 0.8].map((share) => Math.round(share * last)));
    return [...starts].map((start) => ({
      ...question,
      chunks: question.chunks.slice(start, start + chunksPerExcerpt),
    }));
  });
}

/** Whole tracks and their excerpts, as queries with the name of their length. */
export function questionsByLength(
  name: string,
  whole: readonly BenchQuery[],
): { readonly name: string; readonly questions: readonly BenchQuery[] }[] {
  return [
    { name: `${name}, whole tracks`, questions: whole },
    { name: `${name}, 60 s`, questions: excerptQuestions(whole, 6) },
    { name: `${name}, 30 s`, questions: excerptQuestions(whole, 3) },
  ];
}

/** Splits tracks between windows: the first half asks, the library holds the second halves. */
export function halves(tracks: readonly BenchTrack[]): { first: BenchTrack[]; second: BenchTrack[] } {
  const halfSec = ({ chunks }: BenchTrack): number => (chunks.at(-1)?.endSec ?? 0) / 2;
  const both = tracks.map((track) => ({
    first: { ...track, chunks: track.chunks.filter(({ endSec }) => endSec <= halfSec(track)) },
    second: { ...track, chunks: track.chunks.filter(({ startSec }) => startSec >= halfSec(track)) },
  }));
  const usable = both.filter(({ first, second }) => first.chunks.length > 0 && second.chunks.length > 0);
  return { first: usable.map(({ first }) => first), second: usable.map(({ second }) => second) };
}

/** Chunk by chunk, no fusion: is the nearest chunk of another recording of the right kind? */
export async function askByChunk(library: BenchLibrary, questions: readonly BenchQuery[]): Promise<Outcome[]> {
  const labels = labelsOf(library);
  const outcomes: Outcome[] = [];
  for (const { group, label, chunks, without } of questions) {
    for (const hits of await hitsOf(chunks, library, neighbours, without)) {
      outcomes.push({ group, relevant: hits.map(({ trackId }) => labels.get(trackId) === label) });
    }
  }
  return outcomes;
}

/** Recording by recording, under every fusion. */
export async function askByFusion(
  library: BenchLibrary,
  questions: readonly BenchQuery[],
  k = neighbours,
): Promise<Map<BenchFusionName, Outcome[]>> {
  const labels = labelsOf(library);
  const outcomes = new Map<BenchFusionName, Outcome[]>(benchFusionNames.map((name) => [name, []]));
  for (const question of questions) {
    const hits = (await hitsOf(question.chunks, library, k, question.without)).flat();
    for (const name of benchFusionNames) {
      const relevant = rankLabels(name, hits, question, library, labels);
      outcomes.get(name)?.push({ group: question.group, relevant });
    }
  }
  return outcomes;
}

function rankLabels(
  name: BenchFusionName,
  hits: readonly Hit[],
  { chunks, label }: BenchQuery,
  { size }: BenchLibrary,
  labels: ReadonlyMap<number, string>,
): boolean[] {
  const ranked = fuse(fusions[name], { hits, queryChunks: chunks, library: size });
  return ranked.map(({ trackId }) => labels.get(trackId) === label);
}

function labelsOf({ tracks }: BenchLibrary): Map<number, string> {
  return new Map(tracks.map(({ trackId, label }) => [trackId, label]));
}
