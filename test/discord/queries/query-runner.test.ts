/** Queue, time limit, cancel and stop. The queries of these tests are refused before any fetch, so no real parts are needed. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { RepliableInteraction } from 'discord.js';
import { PermissionsBitField } from 'discord.js';
import { pino } from 'pino';
import { expect, test } from 'vitest';
import { QueryQueue } from '../../../src/answering/query-queue.ts';
import type { Question } from '../../../src/answering/question.ts';
import { BotMetrics } from '../../../src/discord/metrics.ts';
import { QueryRunner, type QueryRunnerParts } from '../../../src/discord/queries/query-runner.ts';
import { textsOf } from '../../../src/discord/texts/texts.ts';
import { isRetryable } from '../../../src/errors.ts';

const limits = { atOnce: 1, waitingMax: 10, waitingMaxServer: 10, waitingMaxPerson: 2, cooldownMs: 0 };
const never = new AbortController().signal;
const options = { fromSec: null, toSec: null, results: 10, sameArtist: false, focus: 'balanced' as const };
/** Refused before any fetch. */
const tooLarge: Question = { asked: { kind: 'clip', url: 'https://x.test/a', name: 'a', sizeBytes: 2 }, options };

function makeRunner(queries: { readonly deadlineMs: number }) {
  const queue = new QueryQueue(limits);
  const pending = new Set<string>();
  const pendingQueries = {
    begin: ({ interactionId }: { interactionId: string }) => pending.add(interactionId),
    end: (id: string) => pending.delete(id),
  };
  const app = { config: { queries, fetchLimits: { bytesMax: 1 } }, catalog: { pendingQueries } };
  const bot = { ...app, texts: textsOf, log: pino({ level: 'silent' }) };
  const parts = { services: app, bot, queue, metrics: new BotMetrics({ queue }), shard: 0, spoolDir: '/nowhere' };
  return { runner: new QueryRunner(parts as unknown as QueryRunnerParts), queue, pending, app };
}

function interactionOf(id: string, over: { createdTimestamp?: number; edit?: () => Promise<unknown> } = {}) {
  return {
    id,
    user: { id },
    guildId: null,
    locale: 'en-GB',
    createdTimestamp: over.createdTimestamp ?? Date.now(),
    appPermissions: new PermissionsBitField(PermissionsBitField.All),
    editReply: over.edit ?? (async () => {}),
  } as unknown as RepliableInteraction;
}

const someoneElse = { personId: 'else', serverId: null };

test('reports a busy bot with a retry time when the turn does not come in time', async () => {
  const { runner, queue } = makeRunner({ deadlineMs: 600_000 });
  using _turn = await queue.enter(someoneElse, { signal: never, onPlace: () => {} });
  const createdTimestamp = Date.now() - 14 * 60_000;
  const asked = runner.run(interactionOf('ada', { createdTimestamp }), tooLarge);
  await expect(asked).rejects.toMatchObject({ code: 'busy-bot', facts: { retryAtMs: expect.any(Number) } });
  expect(queue.counts.waiting).toBe(0);
});

test("starts the query's time limit with its turn", async () => {
  const { runner, queue } = makeRunner({ deadlineMs: 100 });
  const turn = await queue.enter(someoneElse, { signal: never, onPlace: () => {} });
  const asked = runner.run(interactionOf('ada'), tooLarge);
  asked.catch(() => {});
  await sleep(300);
  turn[Symbol.dispose]();
  await expect(asked).rejects.toMatchObject({ code: 'link-too-large' });
});

test('reports query-timeout for a slow query with a library track, not audio-timeout', async () => {
  const { runner, app } = makeRunner({ deadlineMs: 100 });
  const track = { id: 1, key: 'a.ogg', title: 'A', artist: '' };
  Object.assign(app, {
    worker: { spaceId: async () => 's' },
    liveIndex: {
      open: (signal: AbortSignal) =>
        new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
    },
  });
  Object.assign(app.config, { neighbours: 5, fusion: 'votes', includeNonMusic: false, hubCorrection: true });
  Object.assign(app.catalog, {
    tracks: { live: () => new Set([1]), byIds: () => new Map([[1, track]]), contentSha256Of: () => 'abc' },
    evidence: { recordingOf: () => ({}) },
  });
  const asked = runner.run(interactionOf('ada'), { asked: { kind: 'piece', trackId: 1 }, options });
  const failure = await asked.catch((error: unknown) => error);
  expect(failure).toMatchObject({ code: 'query-timeout' });
  expect(isRetryable(failure)).toBe(true);
});

test('reports only the cancellation of a waiting query', async () => {
  const { runner, queue } = makeRunner({ deadlineMs: 600_000 });
  using _turn = await queue.enter(someoneElse, { signal: never, onPlace: () => {} });
  const asked = runner.run(interactionOf('ada'), tooLarge);
  runner.cancel('ada');
  await expect(asked).rejects.toMatchObject({ code: 'cancelled' });
});

test('a stop does not wait for a Discord that never answers, and leaves the pending row for the next start', async () => {
  const { runner, queue, pending } = makeRunner({ deadlineMs: 600_000 });
  using _turn = await queue.enter(someoneElse, { signal: never, onPlace: () => {} });
  const edit = () => new Promise<never>(() => {});
  runner.run(interactionOf('ada', { edit }), tooLarge).catch(() => {});
  await sleep(10);
  const startedMs = performance.now();
  await runner.drain(50);
  expect(performance.now() - startedMs).toBeLessThan(3_000);
  expect([...pending]).toEqual(['ada']);
}, 10_000);
