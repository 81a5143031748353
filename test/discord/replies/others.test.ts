/** Every builder beside the answer's: what it makes is taken by Discord and does what it says. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readCustomId } from '../../../src/discord/custom-id.ts';
import {
  choiceOf,
  chooseReply,
  type Picked,
  pickedOf,
  type SourceChoice,
} from '../../../src/discord/replies/choose.ts';
import { listenReply, ratedReply } from '../../../src/discord/replies/listen.ts';
import {
  cancelledReply,
  type ProgressView,
  progressReply,
  tooLateToCancelReply,
} from '../../../src/discord/replies/progress.ts';
import { shareChoiceReply, sharedReply, sharePost } from '../../../src/discord/replies/share.ts';
import {
  expiredReply,
  generationChangedReply,
  interruptedReply,
  otherVersionReply,
  pieceGoneReply,
} from '../../../src/discord/replies/stale.ts';
import { textsOf } from '../../../src/discord/texts/texts.ts';
import { focusNames } from '../../../src/domain.ts';
import { anyAnswer, anyName } from '../../support/answers.ts';
import { expectToHold, languages } from './holding.ts';

const answerId = 'abcdefghij12';
const person = '1234567890123456789';
const channel = '9876543210987654321';
const messageUrl = 'https://discord.com/channels/1/2/3';
const english = textsOf(null);

const anyFind = anyAnswer
  .filter(({ results }) => results.length > 0)
  .chain((answer) => fc.record({ answer: fc.constant(answer), result: fc.constantFrom(...answer.results) }));
const anySizes = fc.array(fc.integer({ min: 1, max: 12e6 }), { maxLength: 3 });
const clipsOf = (rank: number, sizes: readonly number[]) =>
  sizes.map((sizeBytes, i) => {
    const kind = (['theirs', 'yours', 'ab'] as const)[i] ?? 'ab';
    return { rank, kind, path: `/clips/${rank}-piece-${kind}.mp3`, sizeBytes };
  });

const anyProgress: fc.Arbitrary<ProgressView> = fc.record(
  {
    stage: fc.constantFrom('waiting', 'fetching', 'listening', 'comparing', 'cutting'),
    cancelId: fc.option(fc.constant(person)),
    place: fc.nat(200),
    bytes: fc.nat(1e9),
    bytesTotal: fc.nat(1e9),
    decodedSec: fc.double({ min: 0, max: 1e5, noNaN: true }),
    chunksDone: fc.nat(1e4),
    chunksLeft: fc.option(fc.nat(1e4)),
  },
  { requiredKeys: ['stage', 'cancelId'] },
);

const anyChoices: fc.Arbitrary<SourceChoice[]> = fc.array(
  fc.oneof(
    fc.record({
      kind: fc.constant('clip' as const),
      url: fc.webUrl(),
      name: anyName,
      sizeBytes: fc.option(fc.nat(1e9)),
    }),
    fc.record({
      kind: fc.constant('link' as const),
      url: fc.oneof(fc.webUrl(), fc.constant(`https://e.org/${'x'.repeat(2100)}`)),
    }),
  ),
  { maxLength: 14 },
);

const anySec = fc.option(fc.double({ min: 0, max: 1e6, noNaN: true }).map((sec) => Math.abs(sec)));
const anyPicked: fc.Arbitrary<Picked> = fc.record({
  ...{ fromSec: anySec, toSec: anySec, results: fc.integer({ min: 1, max: 10 }) },
  ...{ sameArtist: fc.boolean(), focus: fc.constantFrom(...focusNames), isPrivate: fc.boolean() },
});

describe.each(languages)('in %s, Discord accepts', (_language, texts) => {
  test('any progress', () => {
    fc.assert(fc.property(anyProgress, (view) => expectToHold(progressReply(texts, view))));
  });

  test('the clips of any piece, and the confirmation of a vote', () => {
    fc.assert(
      fc.property(
        anyFind,
        anySizes,
        fc.constantFrom(1 as const, -1 as const, null),
        fc.constantFrom('clip' as const, 'piece' as const, null),
        ({ answer, result }, sizes, ownVote, yoursMissing) => {
          const clips = clipsOf(result.rank, sizes);
          const view = { answerId, answer, result, clips, ownVote, yoursMissing, attachmentLimitBytes: 1e7 };
          expectToHold(listenReply(texts, view));
          expectToHold(ratedReply(texts, { result, vote: ownVote ?? 1 }));
        },
      ),
    );
  });

  test('the post of any shared result, and the choice of a result', () => {
    fc.assert(
      fc.property(
        anyFind,
        anySizes,
        fc.option(fc.constantFrom(Buffer.alloc(9), Buffer.alloc(11e6))),
        ({ answer, result }, sizes, picture) => {
          const clips = clipsOf(result.rank, sizes);
          const votes = { up: 12, down: 3 };
          const find = { shareId: 'sh1', finderId: person, answer, result, clips, picture, votes };
          expectToHold(sharePost(texts, { ...find, attachmentLimitBytes: 1e7 }), { mentions: [`<@${person}>`] });
          expectToHold(shareChoiceReply(texts, { answerId, answer, channelId: channel }), {
            mentions: [`<#${channel}>`],
          });
        },
      ),
    );
  });

  test('any choice of recordings and links, and the chosen one is read back from the message', () => {
    fc.assert(
      fc.property(anyChoices, anyPicked, (choices, picked) => {
        const reply = chooseReply(texts, { choices, picked });
        expectToHold({ ...reply, embeds: reply.embeds ?? [] });
        const [select] = (reply.components ?? []).flatMap((row) => row.components);
        const options = select && 'options' in select ? select.options : [];
        const usable = choices.filter(({ url }) => url.length <= 2048).slice(0, 10);
        const values = options.map((option) => ('value' in option ? String(option.value) : ''));
        expect(values.map((value) => choiceOf(reply.embeds ?? [], value))).toMatchObject(
          usable.map(({ kind, url }) => ({ kind, url })),
        );
        const customId = readCustomId(select && 'custom_id' in select ? select.custom_id : '');
        if (values.length > 0) expect(typeof customId === 'object' && pickedOf(customId?.args ?? [])).toEqual(picked);
      }),
    );
  });

  test('all constant messages', () => {
    for (const reply of [
      tooLateToCancelReply(texts),
      cancelledReply(texts),
      expiredReply(texts),
      pieceGoneReply(texts, answerId),
      generationChangedReply(texts, answerId),
      otherVersionReply(texts),
      interruptedReply(texts),
    ]) {
      expectToHold(reply);
    }
    for (const isNew of [true, false]) {
      for (const url of [messageUrl, null]) {
        expectToHold(sharedReply(texts, { channelId: channel, messageUrl: url, isNew }), {
          mentions: [`<#${channel}>`, messageUrl],
        });
      }
    }
  });
});

const lineOf = (view: Omit<ProgressView, 'cancelId'>) => progressReply(english, { ...view, cancelId: null }).content;

test('progress shows the done and the remaining chunks', () => {
  expect(lineOf({ stage: 'waiting', place: 3 })).toBe('Waiting: place 3 in the queue.');
  expect(lineOf({ stage: 'fetching', bytes: 1_250_000, bytesTotal: 5_000_000 })).toBe('Downloading: 1.3 MB of 5.0 MB.');
  expect(lineOf({ stage: 'listening', decodedSec: 80, chunksDone: 8, chunksLeft: 1 })).toBe(
    'Listening to 1:20: 8 chunks done, 1 left.',
  );
  expect(lineOf({ stage: 'listening', decodedSec: 80, chunksDone: 1, chunksLeft: null })).toBe(
    'Listening to 1:20: 1 chunk done.',
  );
});

test('shows Cancel after its delay', () => {
  expect(progressReply(english, { stage: 'comparing', cancelId: null }).components).toEqual([]);
  expect(progressReply(english, { stage: 'comparing', cancelId: person }).components?.[0]?.components[0]).toMatchObject(
    {
      custom_id: `lm1:cancel:${person}`,
      label: 'Cancel',
    },
  );
});

test('a shared result names its user, counts votes on its buttons, and pings nobody', () => {
  const [find] = fc.sample(anyFind, { numRuns: 1, seed: 2 });
  if (!find) throw new Error('no result was generated');
  const votes = { up: 2, down: 0 };
  const post = sharePost(english, {
    ...find,
    shareId: 'sh1',
    finderId: person,
    clips: [],
    picture: null,
    votes,
    attachmentLimitBytes: 1,
  });
  expect(post.content ?? '').toBe('');
  expect(post.embeds?.[0]?.description).toContain(`Found by <@${person}>`);
  expect(post.components?.[0]?.components).toMatchObject([
    { label: '👍 2', custom_id: 'lm1:share-vote:sh1:up' },
    { label: '👎 0', custom_id: 'lm1:share-vote:sh1:down' },
  ]);
});

test("highlights the user's own vote", () => {
  const [find] = fc.sample(anyFind, { numRuns: 1, seed: 2 });
  if (!find) throw new Error('no result was generated');
  const view = { ...find, answerId, clips: [], yoursMissing: null, attachmentLimitBytes: 1 };
  const styles = (ownVote: 1 | -1 | null) =>
    listenReply(english, { ...view, ownVote }).components?.[0]?.components.map(
      (button) => 'style' in button && button.style,
    );
  expect(styles(null)?.[0]).toBe(styles(null)?.[1]);
  expect(styles(1)?.[0]).not.toBe(styles(1)?.[1]);
  expect(styles(1)?.[1]).toBe(styles(null)?.[1]);
});
