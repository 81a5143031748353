/** Answers made up for tests of what shows them: any shape that the types allow, within what recordings can be. */
import fc from 'fast-check';
import type { ChunkKind, Hit } from '../../src/domain.ts';
import type { Answer, QueryChunk, Result } from '../../src/query/answer.ts';

const windowSec = 10;

function chunksOf(kinds: readonly ChunkKind[]): QueryChunk[] {
  return kinds.map((kind, index) => ({
    index,
    startSec: index * windowSec,
    endSec: (index + 1) * windowSec,
    overlapSec: 0,
    kind,
    loudnessDb: kind === 'silence' ? -120 : -20,
  }));
}

function resultOf(rank: number, title: string | null, hits: Hit[]): Result {
  const sorted = hits.sort((a, b) => a.distance - b.distance || a.queryStartSec - b.queryStartSec);
  const total = sorted.reduce((sum, hit) => sum + hit.similarity, 0);
  return {
    rank,
    track: {
      id: rank,
      key: `folder/piece ${rank}.ogg`,
      title,
      artist: rank % 2 === 0 ? 'An Artist' : null,
      album: null,
      durationSec: 600,
      status: 'indexed',
    },
    combined: 1 / rank,
    votes: sorted.length,
    totalSimilarity: total,
    agreeingChunks: new Set(sorted.map((hit) => hit.queryChunk)).size,
    longestRunSec: windowSec,
    bestDistance: sorted[0]?.distance ?? 2,
    meanDistance: sorted.length > 0 ? 1 - total / sorted.length : 2,
    hits: sorted,
  };
}

const anyKind = fc.constantFrom<ChunkKind>('music', 'music', 'music', 'silence', 'applause', 'noise');

/** From an answer to 20 ms of sound to one to an hour with ten pieces. */
export const anyAnswer: fc.Arbitrary<Answer> = fc
  .record({
    kinds: fc.array(anyKind, { minLength: 1, maxLength: 60 }),
    titles: fc.array(fc.option(fc.string({ unit: 'binary', minLength: 1, maxLength: 80 })), { maxLength: 10 }),
    seed: fc.array(fc.tuple(fc.nat(59), fc.double({ min: 0, max: 2, noNaN: true })), { minLength: 10, maxLength: 60 }),
    verdict: fc.constantFrom('this-is', 'sounds-like', 'nothing-close'),
    offsetSec: fc.integer({ min: -30, max: 7200 }),
    name: fc.string({ unit: 'binary', minLength: 1, maxLength: 100 }),
  })
  .map(({ kinds, titles, seed, verdict, offsetSec, name }) => {
    const chunks = chunksOf(kinds);
    const music = chunks.filter((chunk) => chunk.kind === 'music');
    const hitsFor = (rank: number): Hit[] =>
      seed
        .filter((_, i) => i % (rank + 1) === 0)
        .flatMap(([position, distance]) => {
          const chunk = music[position % Math.max(music.length, 1)];
          if (!chunk) return [];
          const trackStartSec = position * windowSec;
          const similarity = 1 - distance;
          return [
            {
              queryChunk: chunk.index,
              queryStartSec: chunk.startSec,
              trackId: rank,
              trackStartSec,
              durationSec: windowSec,
              similarity,
              distance,
            },
          ];
        });
    const results = titles
      .map((title, i) => resultOf(i + 1, title, hitsFor(i + 1)))
      .filter((result) => result.hits.length > 0);
    const toSec = kinds.length * windowSec;
    return {
      query: { name, durationSec: toSec, fromSec: 0, toSec, chunks },
      spaceId: 'builtin@1/abc/fp32/w10h10/fe:1',
      generation: 'g1',
      fusion: 'votes',
      verdict:
        verdict === 'this-is' && results[0]
          ? { kind: verdict, trackId: results[0].track.id, offsetSec, bitErrorRate: 0.1 }
          : { kind: verdict === 'this-is' ? 'nothing-close' : verdict },
      results,
      timingsMs: { decode: 1, embed: 2, search: 3, fuse: 4, clips: 5, total: 15 },
    } satisfies Answer;
  });
