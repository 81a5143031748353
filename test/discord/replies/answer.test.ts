import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type AnswerClip, type AnswerView, answerReply } from '../../../src/discord/replies/answer.ts';
import { pageOf, perPageMax } from '../../../src/discord/replies/answer-rows.ts';
import { escaped, pieceName } from '../../../src/discord/replies/names.ts';
import { type WhyView, whyReply } from '../../../src/discord/replies/why.ts';
import type { Reply } from '../../../src/discord/reply.ts';
import { textsOf } from '../../../src/discord/texts/texts.ts';
import type { Answer } from '../../../src/query/answer.ts';
import { anyAnswer, hostileNames } from '../../support/answers.ts';
import { expectToHold, languages, wordsOf } from './holding.ts';

const requestBytesMax = 25 * 1024 * 1024;
const answerId = 'abcdefghij12';

const anyClips = (answer: Answer): fc.Arbitrary<AnswerClip[]> => {
  const all = answer.results.flatMap(({ rank }) =>
    (['theirs', 'yours', 'ab'] as const).map((kind) => ({
      rank,
      kind,
      path: `/clips/0${rank}-größe-${kind}-3m10.mp3`,
    })),
  );
  const sized = (bytesMax: number) =>
    fc
      .subarray(all)
      .chain((clips) =>
        fc.tuple(
          ...clips.map((clip) => fc.integer({ min: 1, max: bytesMax }).map((sizeBytes) => ({ ...clip, sizeBytes }))),
        ),
      );
  // Clips as they are, which are too many before they are too large, and others.
  return fc.oneof(sized(300_000), sized(9e6));
};

const anyView: fc.Arbitrary<AnswerView> = anyAnswer.chain((answer) =>
  fc.record({
    answerId: fc.constant(answerId),
    answer: fc.constant(answer),
    page: fc.nat(3),
    perPage: fc.integer({ min: 1, max: perPageMax }),
    clips: anyClips(answer),
    clipProblems: fc.constantFrom(new Map(), new Map([1, 2, 3].map((rank) => [rank, 'file-unreadable']))),
    attachmentLimitBytes: fc.constantFrom(0, 1e6, 10 * 1024 * 1024),
    fromMemory: fc.boolean(),
    missing: fc.constantFrom([], ['AttachFiles'] as const),
    mayShare: fc.boolean(),
  }),
);

const anyWhy: fc.Arbitrary<WhyView> = fc
  .tuple(anyView, fc.option(fc.constantFrom(Buffer.alloc(1), Buffer.alloc(3e6), Buffer.alloc(11e6))))
  .map(([{ answer, page, perPage, attachmentLimitBytes }, picture]) => {
    return { ...{ answerId, answer, page, perPage, attachmentLimitBytes }, picture };
  });

const sizeOf = (view: AnswerView, name: string) =>
  view.clips.find(({ path }) => path.endsWith(name.slice(-12)) && path.includes(`/${name.slice(0, 3)}`))?.sizeBytes;

describe.each(languages)('an answer in %s', (_language, texts) => {
  test('is a message that Discord takes, whatever the pieces are called', () => {
    fc.assert(
      fc.property(anyView, (view) => expectToHold(answerReply(texts, view))),
      { numRuns: 300 },
    );
  });

  test('names every piece of the page in order, in a line each', () => {
    fc.assert(
      fc.property(anyView, (view) => {
        const text = answerReply(texts, view).content ?? '';
        const heads = [...text.matchAll(/^\*\*(\d+)\. (.*?)\*\*(?:,| ·)/gm)];
        expect(heads.map(([, rank]) => Number(rank))).toEqual(pageOf(view).map(({ rank }) => rank));
        for (const [i, { track }] of pageOf(view).entries()) {
          const name = pieceName(texts, track);
          if (name.length < 20) expect(heads[i]?.[0]).toContain(escaped(name, 200));
        }
      }),
    );
  });

  test('explains in a message that Discord takes, with the evidence of every piece of the page', () => {
    fc.assert(
      fc.property(anyWhy, (view) => {
        const reply = whyReply(texts, view);
        expectToHold(reply);
        const text = reply.embeds?.[0]?.description ?? '';
        const heads = [...text.matchAll(/^\*\*(\d+)\. (.*?)\*\*(?:,|$)/gm)];
        expect(heads.map(([, rank]) => Number(rank))).toEqual(pageOf(view).map(({ rank }) => rank));
        for (const [i, { track, votes }] of pageOf(view).entries()) {
          const name = pieceName(texts, track);
          if (name.length < 40) expect(heads[i]?.[0]).toContain(escaped(name, 200));
          expect(text).toContain(`${votes} `);
        }
      }),
    );
  });

  test('names the clips in the order in which they are attached', () => {
    fc.assert(
      fc.property(anyView, (view) => {
        const reply = answerReply(texts, view);
        const line = (reply.content ?? '').split('\n').find((l) => l.includes(' · **') || /: \*\*\d/.test(l));
        const attached = (reply.files ?? []).filter(({ name }) => name.endsWith('.mp3')).map(({ name }) => name);
        const { kinds, single } = texts.query.clips;
        const [only = ''] = attached;
        const saysSingle = (reply.content ?? '').includes(`-# ${single(Number(/^0(\d+)-/.exec(only)?.[1]))}`);
        expect(saysSingle).toBe(attached.length === 1);
        if (attached.length === 1) return;
        const listed = [...(line ?? '').matchAll(/\*\*(\d+)\*\* ([^·]+)/g)].flatMap(([, rank, names = '']) =>
          names.split(', ').map((name) => `${rank} ${name.trim()}`),
        );
        const kindOf = (name: string) => (/-(theirs|yours|ab)-/.exec(name)?.[1] ?? '') as keyof typeof kinds;
        const expected = attached.map((name) => `${/^0(\d+)-/.exec(name)?.[1]} ${kinds[kindOf(name)]}`);
        expect(listed).toEqual(expected);
      }),
    );
  });

  test('attaches no more and nothing larger than may be, and says what was left out', () => {
    fc.assert(
      fc.property(anyView, (view) => {
        const reply = answerReply(texts, view);
        const files = reply.files ?? [];
        expect(files.length).toBeLessThanOrEqual(10);
        const sizes = files.map(({ name }) => sizeOf(view, name) ?? Number.NaN);
        for (const size of sizes) expect(size).toBeLessThanOrEqual(view.attachmentLimitBytes);
        expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(requestBytesMax);
        const { tooLarge, mayNotAttach } = texts.query.clips;
        const said = [tooLarge(['x']), mayNotAttach('x')].map((sentence) => sentence.slice(0, 10));
        const words = wordsOf(reply).join('\n');
        if (files.length < view.clips.length) expect(said.some((beginning) => words.includes(beginning))).toBe(true);
      }),
    );
  });

  test('attaches the picture to the explanation, or says that it is too large', () => {
    fc.assert(
      fc.property(anyWhy, (view) => {
        const { files = [], embeds } = whyReply(texts, view);
        const hasPicture = files.some(({ name }) => name === 'match.png');
        expect(embeds?.[0]?.image?.url).toBe(hasPicture ? 'attachment://match.png' : undefined);
        expect(hasPicture).toBe(view.picture !== null && view.picture.length <= view.attachmentLimitBytes);
        const sentence = texts.query.clips.tooLarge([texts.query.clips.thePicture]);
        if (view.picture !== null && !hasPicture) expect(embeds?.[0]?.description).toContain(sentence);
      }),
    );
  });

  test('is the same for the same view', () => {
    fc.assert(
      fc.property(anyView, (view) => {
        const again = { ...view, answer: structuredClone(view.answer) };
        const seen = ({ files, ...reply }: Reply) => ({ ...reply, names: files?.map(({ name }) => name) });
        expect(seen(answerReply(texts, again))).toEqual(seen(answerReply(texts, view)));
      }),
    );
  });
});

const english = textsOf(null);

/** An answer with 30 pieces. */
function longAnswer(verdict: Answer['verdict'] = { kind: 'sounds-like' }): Answer {
  const [answer] = fc.sample(
    anyAnswer.filter(({ results }) => results.length > 0),
    { numRuns: 1, seed: 1 },
  );
  const [first] = answer?.results ?? [];
  if (!answer || !first) throw new Error('no answer was made');
  const results = Array.from({ length: 30 }, (_, i) => ({
    ...first,
    rank: i + 1,
    track: { ...first.track, id: i + 1, title: `Piece ${i + 1}` },
  }));
  return { ...answer, verdict, results };
}

const viewOf = (answer: Answer): AnswerView => ({
  answerId,
  answer,
  page: 0,
  perPage: 10,
  clips: [],
  attachmentLimitBytes: 10 * 1024 * 1024,
  fromMemory: false,
});

const customIds = (reply: ReturnType<typeof answerReply>) =>
  (reply.components ?? [])
    .flatMap((row) => row.components)
    .map((component) => ('custom_id' in component ? component.custom_id : ''));

test('ten hostile names of 300 characters each still leave every piece its place', () => {
  const answer = longAnswer();
  for (const name of hostileNames) {
    const results = answer.results.map((result) => ({
      ...result,
      track: { ...result.track, title: name.repeat(5).slice(0, 300), artist: name.repeat(5).slice(0, 300) },
    }));
    const reply = answerReply(english, viewOf({ ...answer, results }));
    expectToHold(reply);
    expect(reply.content).toMatch(/\*\*10\. /);
  }
});

test('a page has three selects, Why, More and Share', () => {
  const answer = longAnswer();
  const ids = customIds(answerReply(english, { ...viewOf(answer), page: 1 }));
  expect(ids).toEqual([
    `lm1:listen:${answerId}`,
    `lm1:ask:${answerId}`,
    `lm1:rate:${answerId}`,
    `lm1:why:${answerId}:1`,
    `lm1:more:${answerId}:2`,
    `lm1:share:${answerId}`,
  ]);
});

test('the last page offers no More, and an answer without pieces nothing to press', () => {
  const answer = longAnswer();
  expect(customIds(answerReply(english, { ...viewOf(answer), page: 2 }))).not.toContain(`lm1:more:${answerId}:3`);
  expect(answerReply(english, viewOf({ ...answer, results: [] })).components).toEqual([]);
});

test('says the verdict first, with what was asked and what was not compared', () => {
  const answer = longAnswer();
  const [first, ...rest] = answer.results;
  if (!first) throw new Error('no result');
  const named = { ...first, track: { ...first.track, title: 'The Knolls of Doldesh', artist: 'Timothy Pinkham' } };
  const kinds = ['music', 'music', 'music', 'applause', 'silence', 'silence'] as const;
  const chunks = kinds.map((kind, index) => ({
    index,
    startSec: index * 10,
    endSec: index * 10 + 10,
    overlapSec: 0,
    kind,
    loudnessDb: -20,
  }));
  const query = { name: 'my_tape', durationSec: 312, fromSec: 40, toSec: 100, chunks };
  const verdict = { kind: 'this-is', trackId: first.track.id, offsetSec: 208, bitErrorRate: 0.1 } as const;
  const reply = answerReply(english, viewOf({ ...answer, query, verdict, results: [named, ...rest] }));
  const [headline, asked] = (reply.content ?? '').split('\n');
  expect(headline).toBe('**This is The Knolls of Doldesh, from 3:28**');
  expect(asked).toBe(
    '-# Query: **my\\_tape**, 0:40 to 1:40 of 5:12: 3 chunks compared, excluded: 1 as applause and 2 as silence.',
  );
});

test('says when it was answered from memory; the explanation has the reference', () => {
  const answer = longAnswer();
  expect(answerReply(english, { ...viewOf(answer), fromMemory: true }).content).toContain('\n-# Cached answer');
  expect(answerReply(english, viewOf(answer)).content).not.toContain('Cached');
  const { embeds } = whyReply(english, { ...viewOf(answer), picture: null });
  expect(embeds?.[0]?.footer?.text).toBe(`builtin@1 · generation g1 · 0.0 s · reference ${answerId}`);
});

test('shows three pieces a page when they are probably there by chance', () => {
  const answer = longAnswer({ kind: 'nearest' });
  const reply = answerReply(english, { ...viewOf(answer), page: 1 });
  expect(reply.content).toContain('**4. ');
  expect(reply.content).not.toContain('**7. ');
  expect(customIds(reply)).toContain(`lm1:more:${answerId}:2`);
});

test('five usual pieces take at most 700 characters and six controls', () => {
  const answer = longAnswer();
  const results = answer.results.map((result) => {
    const track = { ...result.track, title: `A Title of Usual Length`, artist: 'Somebody Known' };
    return { ...result, track, match: 0.72, matchOfParts: { sound: 0.6, harmony: 0.7 } };
  });
  const query = { ...answer.query, name: 'a clip from the radio.mp3' };
  const reply = answerReply(english, { ...viewOf({ ...answer, query, results }), perPage: 5 });
  expect(reply.content?.length).toBeLessThanOrEqual(700);
  expect(customIds(reply)).toHaveLength(6);
});

test('offers Share where there is a channel, and not in a direct conversation', () => {
  const [answer] = fc.sample(
    anyAnswer.filter(({ results }) => results.length > 0),
    { numRuns: 1, seed: 5 },
  );
  const ids = (mayShare?: boolean) => {
    const view = { ...viewOf(answer as Answer), ...(mayShare === undefined ? {} : { mayShare }) };
    return customIds(answerReply(english, view));
  };
  expect(ids()).toContain(`lm1:share:${answerId}`);
  expect(ids(true)).toContain(`lm1:share:${answerId}`);
  expect(ids(false)).not.toContain(`lm1:share:${answerId}`);
});
