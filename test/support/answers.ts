/** Generated answers for tests of displays: any shape that the types allow, with realistic values. */
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

/** Titles that try to inject markup or mentions into a message. */
export const hostileNames: readonly string[] = [
  '@everyone @here <@1234567890123456789> <@&1234567890123456789>',
  '[free music](https://example.org/trap) https://example.org/trap',
  '**bold** _slanted_ ~~gone~~ `code` ||hidden|| > quoted # heading\n- list',
  '\\'.repeat(300),
  '*'.repeat(300),
  'W'.repeat(300),
  '\u{1f3bb}'.repeat(150),
  '\u202egnihtemos\u202c \u2066aside\u2069',
  '\u05e9\u05d9\u05e8 \u05e2\u05dd 3:10',
  '\u0645\u0648\u0633\u064a\u0642\u0649 '.repeat(40),
  '\u200b\u200d\ufeff',
  '   ',
  '</text><script>x</script>',
  '<t:1790000000:R> <#1234567890123456789> <:name:1234567890123456789>',
];

export const anyName: fc.Arbitrary<string> = fc.oneof(
  fc.string({ unit: 'binary', minLength: 1, maxLength: 300 }),
  fc.constantFrom(...hostileNames),
);

interface Piece {
  readonly title: string | null;
  readonly artist: string | null;
  /** Titles of the same recording under other names. */
  readonly others: readonly (string | null)[];
}

function resultOf(rank: number, { title, artist, others }: Piece, hits: Hit[]): Result {
  const sorted = hits.sort((a, b) => a.distance - b.distance || a.queryStartSec - b.queryStartSec);
  const total = sorted.reduce((sum, hit) => sum + hit.similarity, 0);
  const status = 'indexed' as const;
  const track = { id: rank, key: `folder/piece ${rank}.ogg`, title, artist, album: null, durationSec: 600, status };
  const alsoAs = others.map((other, i) => ({ ...track, id: 100 * rank + i, key: `copy ${i}.mp3`, title: other }));
  return {
    rank,
    track,
    ...(alsoAs.length > 0 ? { alsoAs } : {}),
    score: 1 / rank,
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

const anyPiece: fc.Arbitrary<Piece> = fc.record({
  title: fc.option(anyName),
  artist: fc.option(anyName),
  others: fc.oneof(fc.constant([]), fc.array(fc.option(anyName), { maxLength: 5 })),
});

/** From an answer to 20 ms of sound to one to an hour with thirty pieces. */
export const anyAnswer: fc.Arbitrary<Answer> = fc
  .record({
    kinds: fc.array(anyKind, { minLength: 1, maxLength: 60 }),
    pieces: fc.array(anyPiece, { maxLength: 30, size: 'medium' }),
    seed: fc.array(fc.tuple(fc.nat(59), fc.double({ min: 0, max: 2, noNaN: true })), { minLength: 10, maxLength: 60 }),
    verdict: fc.constantFrom('this-is', 'sounds-like', 'nothing-close'),
    offsetSec: fc.integer({ min: -30, max: 7200 }),
    name: anyName,
    restSec: fc.constantFrom(0, 0, 3600),
  })
  .map(({ kinds, pieces, seed, verdict, offsetSec, name, restSec }) => {
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
    const results = pieces
      .map((piece, i) => resultOf(i + 1, piece, hitsFor(i + 1)))
      .filter((result) => result.hits.length > 0);
    const toSec = kinds.length * windowSec;
    return {
      query: { name, durationSec: toSec + restSec, fromSec: 0, toSec, chunks },
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
