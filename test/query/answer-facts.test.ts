import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ChunkKind } from '../../src/domain.ts';
import type { Answer, Result } from '../../src/query/answer.ts';
import {
  adviceAfter,
  closenessWord,
  likenessOf,
  matchNumber,
  momentInTrack,
  otherNames,
  reasonFacts,
  shownAnswer,
  shownMatchMin,
  verdictFacts,
} from '../../src/query/answer-facts.ts';
import { adviceText, reasonFor, verdictSentence } from '../../src/query/answer-words.ts';
import { anyAnswer } from '../support/answers.ts';

const hit = {
  queryChunk: 1,
  queryStartSec: 50,
  trackId: 7,
  trackStartSec: 230,
  durationSec: 10,
  similarity: 0.95,
  distance: 0.05,
};

const result: Result = {
  rank: 1,
  track: {
    id: 7,
    key: 'music/knolls.ogg',
    title: 'The Knolls',
    artist: null,
    album: null,
    durationSec: 500,
    status: 'indexed',
  },
  score: 0.5,
  votes: 11,
  totalSimilarity: 6,
  agreeingChunks: 2,
  longestRunSec: 20,
  bestDistance: 0.05,
  meanDistance: 0.1,
  hits: [hit],
};

function answerOf(
  kinds: readonly ChunkKind[],
  verdict: Answer['verdict'],
  results: readonly Result[] = [result],
): Answer {
  const chunks = kinds.map((kind, index) => ({
    index,
    startSec: 40 + index * 10,
    endSec: 50 + index * 10,
    overlapSec: 0,
    kind,
    loudnessDb: -20,
  }));
  return {
    query: { name: 'tape', durationSec: 300, fromSec: 40, toSec: 40 + kinds.length * 10, chunks },
    spaceId: 'builtin@1/abc',
    generation: 'g1',
    fusion: 'margin',
    verdict,
    results,
    timingsMs: { decode: 1, embed: 1, search: 1, fuse: 1, clips: 1, total: 5 },
  };
}

const music = ['music', 'music', 'music'] as const;
const thisIs = (offsetSec: number) => ({ kind: 'this-is', trackId: 7, offsetSec, bitErrorRate: 0.1 }) as const;

describe('the verdict', () => {
  test.each([
    [answerOf(music, thisIs(208)), 'This is The Knolls, from 3:28'],
    [answerOf(music, thisIs(-12)), 'This is The Knolls, which begins at yours 0:12'],
    [answerOf(music, thisIs(208), []), 'This is a recording of the library, from 3:28'],
    [answerOf(music, { kind: 'sounds-like' }), 'Sounds like The Knolls'],
    [answerOf(music, { kind: 'sounds-like' }, []), 'Nothing close in the library'],
    [answerOf(music, { kind: 'nothing-close' }), 'Nothing close in the library'],
    [answerOf(music, { kind: 'nearest' }), 'Nearest, but not close: The Knolls'],
    [answerOf(music, { ...thisIs(208), speed: 1.02 }), 'This is The Knolls, from 3:28, played 2 % faster'],
    [answerOf(music, { ...thisIs(208), speed: 0.985 }), 'This is The Knolls, from 3:28, played 1.5 % slower'],
    [answerOf(music, { ...thisIs(208), speed: 1.001 }), 'This is The Knolls, from 3:28'],
    [
      answerOf(['silence', 'applause', 'silence'], { kind: 'nothing-close' }, []),
      'Only applause and silence: there is no music in it to compare',
    ],
    [answerOf([], { kind: 'nothing-close' }, []), 'Only silence: there is no music in it to compare'],
    // A fingerprint proves more than the gate.
    [answerOf(['noise', 'noise'], thisIs(1)), 'This is The Knolls, from 0:01'],
  ])('%#: %s', (answer, sentence) => {
    expect(verdictSentence(answer)).toBe(sentence);
  });

  test('gives advice only for answers without a close match', () => {
    fc.assert(
      fc.property(anyAnswer, (answer) => {
        const helps = ['this-is', 'sounds-like'].includes(verdictFacts(answer).kind) || answer.results.length === 0;
        if (verdictFacts(answer).kind === 'no-music') expect(adviceAfter(answer)).toBe('other-recording');
        else if (!helps) expect(adviceAfter(answer)).toBe('longer-part');
        expect(adviceText(answer) === undefined).toBe(adviceAfter(answer) === null);
      }),
    );
  });
});

describe('the reason', () => {
  test('contains the times, the number of agreeing chunks and the seconds in step', () => {
    const answer = answerOf(music, { kind: 'sounds-like' });
    expect(reasonFor(result, answer)).toBe(
      'very similar at yours 0:50 - theirs 3:50; 2 of 3 chunks agree, 20 s in step',
    );
    expect(reasonFacts({ ...result, longestRunSec: 10 }, answer)?.inStepSec).toBeNull();
    expect(reasonFacts({ ...result, hits: [] }, answer)).toBeNull();
  });

  test('never counts more agreeing chunks than votes, also when silence votes', () => {
    expect(reasonFacts(result, answerOf(['music', 'silence'], { kind: 'sounds-like' }))).toMatchObject({
      agreeingChunks: 2,
      voters: 2,
    });
  });
});

describe('the moment in a piece', () => {
  test('is the start of the window', () => {
    expect(momentInTrack(answerOf(music, { kind: 'sounds-like' }), result, hit)).toBe(230);
  });

  test('is the same note as in the query for the same recording', () => {
    expect(momentInTrack(answerOf(music, thisIs(218)), result, hit)).toBe(228);
    expect(momentInTrack(answerOf(music, thisIs(100)), result, hit)).toBe(230);
  });
});

test('shows the paths of several tracks of one recording with equal names', () => {
  const named = (key: string, title: string) => ({ ...result.track, key, title });
  const alsoAs = [
    named('a.ogg', 'Waltz'),
    named('b.ogg', 'Waltz'),
    named('c.ogg', 'The Knolls'),
    named('d.ogg', 'Hills'),
  ];
  expect(otherNames({ ...result, alsoAs })).toEqual(['a.ogg', 'b.ogg', 'c.ogg', 'Hills']);
});

test.each([
  [-29.96, 'which begins at yours 0:30'],
  [-30.04, 'which begins at yours 0:30'],
  [-29.6, 'which begins at yours 0:29'],
  [59.93, 'from 1:00'],
  [59.5, 'from 0:59'],
])('an offset of %d s, known to a tenth of a second, is "%s"', (offsetSec, words) => {
  const answer = answerOf(['music'], { kind: 'this-is', trackId: 7, offsetSec, bitErrorRate: 0 });
  expect(verdictSentence(answer)).toContain(words);
});

describe('how near a result is', () => {
  const resultOf = (match: number | undefined, bestDistance = 0.6) => {
    const answer = answerOf(music, { kind: 'sounds-like' });
    const [first] = answer.results;
    if (!first) throw new Error('no result');
    return { answer: { ...answer, spaceId: 'builtin@2.0.0/abc' }, result: { ...first, match, bestDistance } };
  };

  test.each([
    [0.9, 'very similar'],
    [0.75, 'very similar'],
    [0.5, 'similar'],
    [0.25, 'similar'],
    [0.1, 'less similar'],
  ])('a match of %d is %s, at any distance', (match, word) => {
    const { answer, result } = resultOf(match);
    expect(closenessWord(result, answer)).toBe(word);
    expect(matchNumber(result, answer)).toBe(Math.round(match * 100));
  });

  test('uses the distance in spaces without calibration and in answers without matches', () => {
    const { answer, result } = resultOf(0.9);
    expect(closenessWord(result, { spaceId: 'clap@1.0.0/abc' })).toBe('less similar');
    expect(closenessWord({ ...result, match: undefined }, answer)).toBe('less similar');
    expect(matchNumber({ ...result, match: undefined }, answer)).toBeNull();
    expect(closenessWord({ ...result, bestDistance: 0 }, answer)).toBe('identical');
  });

  test('is 100 for a proved recording', () => {
    const { answer, result } = resultOf(0.3);
    expect(matchNumber(result, { ...answer, verdict: thisIs(0) })).toBe(100);
  });

  test('names the parts in which it is alike', () => {
    const { result } = resultOf(0.5);
    const like = (sound: number, harmony: number) => likenessOf({ ...result, matchOfParts: { sound, harmony } });
    expect([like(0.6, 0.2), like(0.2, 0.6), like(0.6, 0.6), like(0.2, 0.2)]).toEqual([
      'sound',
      'harmony',
      'both',
      null,
    ]);
    expect(likenessOf(result)).toBeNull();
  });
});

describe('the shown answer', () => {
  const rows = (matches: readonly (number | undefined)[]): Result[] =>
    matches.map((match, i) => {
      const { match: _, ...plain } = { ...result, rank: i + 1, track: { ...result.track, id: 100 + i } };
      return match === undefined ? plain : { ...plain, match };
    });
  const soundsLike = { kind: 'sounds-like' } as const;
  const idsOf = ({ results }: Answer) => results.map(({ track }) => track.id);

  test('leaves out the results below the stated match, except the first, and numbers the others anew', () => {
    const shown = shownAnswer(answerOf(music, soundsLike, rows([0.02, 0.01, 0.12, 0.09, 0.47])));
    expect(idsOf(shown)).toEqual([100, 102, 104]);
    expect(shown.results.map(({ rank }) => rank)).toEqual([1, 2, 3]);
  });

  test('goes by the number that people read', () => {
    expect(shownMatchMin).toBe(10);
    expect(idsOf(shownAnswer(answerOf(music, soundsLike, rows([0.5, 0.0949, 0.0951]))))).toEqual([100, 102]);
  });

  test('is the whole answer in a space without calibration, without matches, and by the fusion of the original', () => {
    const all = answerOf(music, soundsLike, rows([0.5, 0.01, 0.02]));
    expect(shownAnswer({ ...all, spaceId: 'clap@1/abc' })).toEqual({ ...all, spaceId: 'clap@1/abc' });
    expect(shownAnswer({ ...all, fusion: 'votes' })).toEqual({ ...all, fusion: 'votes' });
    expect(idsOf(shownAnswer(answerOf(music, soundsLike, rows([undefined, undefined]))))).toEqual([100, 101]);
  });

  test('keeps the verdict and what it names, and is the same when taken twice', () => {
    fc.assert(
      fc.property(anyAnswer, fc.array(fc.double({ min: 0, max: 1, noNaN: true })), (any, matches) => {
        const results = any.results.map((each, i) => ({ ...each, match: matches[i] ?? 0 }));
        const all = { ...any, fusion: 'parts', results };
        const shown = shownAnswer(all);
        expect(verdictFacts(shown)).toEqual(verdictFacts(all));
        expect(shownAnswer(shown)).toEqual(shown);
        expect(shown.results.map(({ rank }) => rank)).toEqual(shown.results.map((_, i) => i + 1));
        for (const each of shown.results.slice(1)) expect(matchNumber(each, all)).toBeGreaterThanOrEqual(shownMatchMin);
      }),
    );
  });
});
