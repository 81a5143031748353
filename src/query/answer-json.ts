/** Converts an answer to the object that `--json` prints. Pure. */
import type { Hit } from '../domain.ts';
import { type Answer, musicChunks, plusTrackAt } from './answer.ts';
import { verdictSentence } from './answer-words.ts';

/** Paths of a result's clip files. */
interface ClipPaths {
  readonly theirs: string;
  readonly ab: string | null;
}

/** Decimal places of scores and distances. Further digits exceed the precision of float32 and differ between processors. */
const digits = 6;

export function answerJson(answer: Answer, clips: ReadonlyMap<number, ClipPaths> = new Map()) {
  const { query, verdict, timingsMs } = answer;
  return {
    query: {
      name: query.name,
      durationSec: round(query.durationSec, 3),
      fromSec: query.fromSec,
      toSec: round(query.toSec, 3),
      audioStream: query.audioStream,
      chunks: query.chunks.length,
      musicChunks: musicChunks(query).length,
      ...(query.tracks ? { tracks: tracksJson(query.tracks) } : {}),
    },
    spaceId: answer.spaceId,
    generation: answer.generation,
    fusion: answer.fusion,
    verdict: {
      kind: verdict.kind,
      text: verdictSentence(answer),
      ...(verdict.kind === 'this-is'
        ? {
            key: answer.results.find((result) => result.track.id === verdict.trackId)?.track.key ?? null,
            offsetSec: round(verdict.offsetSec, 2),
            bitErrorRate: round(verdict.bitErrorRate, 4),
            ...(verdict.speed === undefined ? {} : { speed: verdict.speed }),
          }
        : {}),
    },
    results: answer.results.map((result) => ({
      rank: result.rank,
      key: result.track.key,
      title: result.track.title,
      artist: result.track.artist,
      alsoAs: (result.alsoAs ?? []).map(({ key }) => key),
      combined: round(result.score, digits),
      match: result.match === undefined ? null : round(result.match, 4),
      matchOfParts: result.matchOfParts
        ? { sound: round(result.matchOfParts.sound, 4), harmony: round(result.matchOfParts.harmony, 4) }
        : null,
      votes: result.votes,
      totalSimilarity: round(result.totalSimilarity, digits),
      agreeingChunks: result.agreeingChunks,
      longestRunSec: round(result.longestRunSec, 3),
      inStep: result.inStep ?? null,
      bestDistance: round(result.bestDistance, digits),
      meanDistance: round(result.meanDistance, digits),
      matches: result.hits.map((hit) => ({
        queryStartSec: round(hit.queryStartSec, 3),
        trackStartSec: round(hit.trackStartSec, 3),
        durationSec: round(hit.durationSec, 3),
        distance: round(hit.distance, digits),
        ...momentOfTrack(answer, hit),
      })),
      clip: clips.get(result.rank)?.theirs ?? null,
      ab: clips.get(result.rank)?.ab ?? null,
    })),
    timingsMs: Object.fromEntries(Object.entries(timingsMs).map(([stage, ms]) => [stage, Math.round(ms)])),
  };
}

function tracksJson({ plus, minus }: NonNullable<Answer['query']['tracks']>) {
  return {
    plus: plus.map(({ trackId, name, startSec, durationSec }) => {
      return { trackId, name, startSec: round(startSec, 3), durationSec: round(durationSec, 3) };
    }),
    minus: minus.map(({ trackId, name }) => ({ trackId, name })),
  };
}

/** Of a query with several tracks: which one matches, and where in it. */
function momentOfTrack({ query }: Answer, { queryStartSec }: Hit) {
  const found = plusTrackAt(query, queryStartSec);
  return found ? { queryTrackId: found.track.trackId, queryTrackStartSec: round(found.atSec, 3) } : {};
}

function round(value: number, places: number): number {
  const factor = 10 ** places;
  // Adding 0 turns -0 into 0: JSON writes both as 0, but comparisons in tests tell them apart.
  return Math.round(value * factor) / factor + 0;
}
