import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { aboutDefinition } from '../../../commands/about.ts';
import { libraryDefinition } from '../../../commands/library.ts';
import { findCommandViolations } from '../../../local-discord/server/command-rules.ts';
import type { Reindex } from '../../../src/catalog/reindexes.ts';
import type { Failure } from '../../../src/catalog/track-rows.ts';
import { aboutReply } from '../../../src/discord/replies/about.ts';
import {
  failuresReply,
  refusedReply,
  removeAskReply,
  removedReply,
  settingsRefusedReply,
  settingsReply,
  shareRefusedReply,
  statusReply,
} from '../../../src/discord/replies/library.ts';
import {
  dismissedReply,
  reindexAskedReply,
  reindexBegunReply,
  reindexCancelledReply,
  reindexEndedReply,
  reindexMilestoneReply,
  reindexPlanReply,
  reindexWaitingReply,
} from '../../../src/discord/replies/library-reindex.ts';
import type { Reply } from '../../../src/discord/reply.ts';
import type { LibraryStatus } from '../../../src/discord/texts/library-facts.ts';
import { type Texts, textsOf } from '../../../src/discord/texts/texts.ts';
import type { IndexPlan } from '../../../src/indexing/plan.ts';
import type { IndexProgress } from '../../../src/indexing/progress.ts';
import { anyName } from '../../support/answers.ts';
import { expectToHold, languages } from '../replies/holding.ts';

/** Moments, people, channels and commands that a reply names on purpose; in other people's text they are escaped. */
const own = /(?<!\\)<(?:t:\d+:[RFd]|@\d{18}|#\d{18}|\/[a-z ]+:\d{18})>|`0 3 \* \* \*`/g;

function holds(reply: Reply): void {
  expectToHold(reply, { mentions: wordsOf(reply).flatMap((words) => words.match(own) ?? []) });
}

/** As holding.ts has it, with the fields of embeds. */
function wordsOf({ content = '', embeds = [] }: Reply): string[] {
  return [
    content,
    ...embeds.flatMap(({ description = '', fields = [] }) => [description, ...fields.map(({ value }) => value)]),
  ];
}

const aMoment = fc.integer({ min: 0, max: 4e12 });
const anyCount = fc.oneof(fc.constantFrom(0, 1, 2), fc.integer({ min: 0, max: 1e9 }));
const anyTime = fc.oneof(fc.constant(0), fc.double({ min: 0, max: 1e9, noNaN: true }));
const anyText = fc.oneof(anyName, fc.string({ maxLength: 3000 }));
const anyMode = fc.constantFrom('changed' as const, 'everything' as const);
const anyId = fc.option(fc.constant('123456789012345678'));

const anyReindex: fc.Arbitrary<Reindex> = fc.record({
  id: fc.integer({ min: 1 }),
  mode: anyMode,
  state: fc.constantFrom('done' as const, 'failed' as const, 'cancelled' as const),
  ...{ requestedBy: anyId, guildId: anyId, channelId: anyId, locale: fc.constantFrom('de', 'en-US') },
  ...{ requestedAtMs: aMoment, startedAtMs: fc.option(aMoment), finishedAtMs: fc.option(aMoment) },
  ...{ milestone: fc.nat(100), starts: fc.nat(5), jobId: fc.option(anyCount) },
  summary: fc.option(
    fc
      .record({
        ...{ embedded: anyCount, reused: anyCount, moved: anyCount, removed: anyCount, failed: anyCount },
        ...{ listed: anyCount, audioSec: anyTime, ratePerSec: fc.option(anyTime) },
        generation: fc.constantFrom({ kind: 'unchanged' }, { kind: 'empty' }, { kind: 'written', id: 'g1', rows: 9 }),
      })
      .map((summary) => JSON.stringify(summary)),
  ),
  error: fc.option(fc.record({ code: fc.constant('disk-full' as const), message: anyText })),
});

const anyPlan: fc.Arbitrary<IndexPlan> = fc.record({
  files: fc.record({
    ...{ listed: anyCount, added: anyCount, changed: anyCount, retried: anyCount, again: anyCount },
    ...{ moved: anyCount, removed: anyCount, unchanged: anyCount, failedBefore: anyCount },
  }),
  clips: fc.option(fc.record({ files: anyCount, bytes: anyCount })),
  bytes: anyCount,
  expected: fc.option(fc.record({ audioSec: anyTime, wallSec: anyTime })),
  before: fc.array(
    fc.record({ startedAtMs: aMoment, wallSec: anyTime, embedded: anyCount, audioSec: anyTime, bytes: anyCount }),
    { maxLength: 5 },
  ),
});

const anyProgress: fc.Arbitrary<IndexProgress> = fc.record({
  phase: fc.constant('embed' as const),
  ...{ tracksDone: anyCount, tracksTotal: anyCount, secondsDone: anyTime, bytesDone: anyCount, bytesTotal: anyCount },
  ...{ failed: anyCount, ratePerSec: anyTime, etaSec: fc.option(anyTime) },
});

const anyStatus: fc.Arbitrary<LibraryStatus> = fc.record({
  model: fc.option(
    fc.record({
      ...{ name: anyName, version: fc.constant('1'), licence: anyName, device: anyName },
      passedOver: fc.array(anyName, { maxLength: 3 }),
    }),
  ),
  worker: fc.constantFrom('ready' as const, 'unavailable' as const),
  index: fc.oneof(
    fc
      .constantFrom('index-empty' as const, 'index-corrupt' as const)
      .map((code) => ({ state: 'closed' as const, code })),
    fc.record({
      state: fc.constant('open' as const),
      processes: anyCount,
      generation: fc.record({
        id: fc.constant('f'.repeat(40)),
        builtAtMs: aMoment,
        chunks: anyCount,
        tracks: anyCount,
      }),
    }),
  ),
  tracks: fc.option(fc.record({ indexed: anyCount, failed: anyCount, removed: anyCount })),
  space: fc.option(
    fc.record({
      ...{ spaceId: fc.constant('s'), dimensions: anyCount, tracks: anyCount, hours: anyTime },
      chunks: fc.record({ music: anyCount, silence: anyCount, applause: anyCount, noise: anyCount }),
    }),
  ),
  disk: fc.option(fc.record({ usedBytes: anyCount, freeBytes: anyCount })),
  lastRun: fc.option(
    fc.record({
      ...{ state: fc.constantFrom('done' as const, 'interrupted' as const), startedAtMs: aMoment },
      ...{ durationSec: fc.option(anyTime), embedded: anyCount, failed: anyCount },
    }),
  ),
  open: fc.option(
    fc.record({
      ...{ id: fc.integer({ min: 1 }), mode: anyMode, state: fc.constant('running' as const), requestedAtMs: aMoment },
      ...{ requestedBy: anyId, waits: fc.boolean() },
      progress: fc.option(fc.record({ tracksDone: anyCount, tracksTotal: anyCount, failed: anyCount })),
    }),
  ),
  schedule: fc.option(
    fc.record({
      cron: fc.string({ maxLength: 100 }),
      timeZone: fc.string({ maxLength: 64 }),
      nextMs: fc.option(aMoment),
    }),
  ),
});

const anyFailure: fc.Arbitrary<Failure> = fc.record({
  ...{ key: anyText, code: fc.constant('audio-unreadable' as const), message: anyText, tries: anyCount, atMs: aMoment },
  retryAtMs: fc.option(aMoment),
});
const anyTrack = fc.record({
  ...{ id: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }), key: anyText, title: fc.option(anyName) },
  ...{ artist: fc.option(anyName), album: fc.constant(null), durationSec: anyTime },
  status: fc.constant('indexed' as const),
});
const anyLanguage = fc.constantFrom(...languages.map(([, texts]) => texts));
const missing = fc.subarray(['ViewChannel', 'SendMessages', 'EmbedLinks', 'AttachFiles'] as const);

describe("stays within Discord's limits for any facts", () => {
  test('about a reindex', () => {
    fc.assert(
      fc.property(anyLanguage, anyReindex, anyPlan, anyProgress, missing, (texts, reindex, plan, progress, lacks) => {
        const { mode } = reindex;
        holds(reindexPlanReply(texts, { mode, plan, missing: lacks }));
        for (const isNew of [true, false]) holds(reindexAskedReply(texts, { reindex, isNew, willAnnounce: isNew }));
        holds(reindexCancelledReply(texts, reindex));
        holds(reindexBegunReply(texts, reindex, progress, 'first'));
        holds(reindexBegunReply(texts, reindex, progress, 'again'));
        holds(reindexMilestoneReply(texts, reindex, 25, progress));
        holds(reindexEndedReply(texts, reindex));
      }),
    );
  });

  test('about the library', () => {
    fc.assert(
      fc.property(
        anyLanguage,
        anyStatus,
        fc.array(anyFailure),
        anyTrack,
        missing,
        (texts, status, failures, track, lacks) => {
          for (const shown of ['whole', 'short'] as const) holds(statusReply(texts, status, shown));
          holds(failuresReply(texts, failures.length + 3, failures));
          holds(removeAskReply(texts, track));
          holds(removedReply(texts, track));
          holds(shareRefusedReply(texts, '123456789012345678', lacks));
          const settings = { shareChannelId: '123456789012345678', private: true, results: null };
          holds(settingsReply(texts, { settings, results: 10, schedule: status.schedule }, true));
          holds(
            aboutReply(texts, {
              ...{ model: status.model, answersKeptMs: 1, version: '1', menuName: texts.query.command.menuName },
              commandIds: new Map([['similar', '123456789012345678']]),
            }),
          );
        },
      ),
    );
  });

  test.each(languages)('without facts (%s)', (_, texts) => {
    for (const why of ['manageGuild', 'home', 'owner', 'direct'] as const) holds(refusedReply(texts, why));
    for (const why of ['cron', 'too-often', 'time-zone', 'both', 'timeZoneAlone'] as const) {
      holds(settingsRefusedReply(texts, why));
    }
    for (const reply of [dismissedReply(texts), reindexWaitingReply(texts), removedReply(texts, null)]) holds(reply);
    holds(failuresReply(texts, 0, []));
    holds(reindexCancelledReply(texts, null));
  });

  test.each([
    ['library', libraryDefinition()],
    ['about', aboutDefinition()],
  ])('the definition of /%s', (_, definition) => {
    expect(findCommandViolations(definition as { type?: number })).toEqual([]);
  });
});

test('has every English text in German', () => {
  const keysOf = (value: unknown, at = ''): string[] =>
    value !== null && typeof value === 'object'
      ? Object.entries(value).flatMap(([key, inner]) => keysOf(inner, `${at}.${key}`))
      : [at];
  const of = (locale: string): Texts => textsOf(locale);
  expect(keysOf(of('de').library)).toEqual(keysOf(of('en-US').library));
});

test('lists failures with their reasons, and counts the omitted ones', () => {
  const failure = { key: 'a\u202Eb.mp3', code: 'audio-unreadable', message: 'Two\nlines', tries: 2 } as const;
  const times = { atMs: 0, retryAtMs: 60_000 };
  const { files = [], content } = failuresReply(textsOf('en-US'), 7, [{ ...failure, ...times }]);
  const [file] = files;
  const text = file && 'data' in file.content ? file.content.data.toString('utf8') : '';
  expect(text).toBe(
    'ab.mp3\n    audio-unreadable, 2 tries, 1970-01-01T00:00:00.000Z, again from 1970-01-01T00:01:00.000Z on: Two lines\n... and 6 more: npm run library -- failures lists them all.\n',
  );
  expect(content).toMatch(/7 recordings/);
});

test('shows the plan of a reindex, the earlier duration, and missing permissions', () => {
  const plan: IndexPlan = {
    files: {
      ...{ listed: 10, added: 3, changed: 1, retried: 0, again: 0, moved: 0, removed: 2 },
      ...{ unchanged: 5, failedBefore: 1 },
    },
    ...{ bytes: 40e6, expected: { audioSec: 1200, wallSec: 60 }, clips: { files: 122, bytes: 19.7e6 } },
    before: [{ startedAtMs: 86_400_000, wallSec: 600, embedded: 40, audioSec: 12_000, bytes: 400e6 }],
  };
  const reply = reindexPlanReply(textsOf('en-US'), { mode: 'changed', plan, missing: ['SendMessages'] });
  const words = wordsOf(reply).join('\n');
  expect(words).toMatch(/4 recordings \(3 new and 1 changed\)/);
  expect(words).toMatch(/5 unchanged, 2 missing, to be removed from answers, and 1 that failed before/);
  expect(words).toMatch(/about \*\*60 s\*\*/);
  expect(words).toMatch(/stored as a clip: about 122 files, \*\*(?:20|19\.7) MB\*\*/);
  expect(words).toMatch(/40 recordings, 3\.3 h|40 recordings, 200 min/);
  expect(words).toMatch(/I lack Send Messages/);
});
