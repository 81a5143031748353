import { expect, test } from 'vitest';
import type { Catalog } from '../../src/catalog/catalog.ts';
import { openCatalog } from './helpers.ts';

const question = { contentSha256: 'a'.repeat(64), options: '{}', spaceId: 'space-a', generation: 'g1' };

function putAnswer(catalog: Catalog, id: string, over: Partial<typeof question> = {}): void {
  catalog.answers.put({ id, ...question, ...over, source: '{}', answer: '{"text":1}', askerId: '1' });
}

test('finds the newest answer to an equal query and none to another', () => {
  let now = 1000;
  const catalog = openCatalog(undefined, { now: () => now++ });
  putAnswer(catalog, 'first');
  putAnswer(catalog, 'second');
  putAnswer(catalog, 'other', { options: '{"results":5}' });
  expect(catalog.answers.find(question, '1')?.id).toBe('second');
  expect(catalog.answers.find({ ...question, generation: 'g2' }, '1')).toBeNull();
  expect(catalog.answers.find({ ...question, spaceId: 'space-b' }, '1')).toBeNull();
  expect(catalog.answers.get('first')).toMatchObject({ ...question, answer: '{"text":1}', createdAtMs: 1000 });
});

test('prefers an answer of the same user to a newer one of another user', () => {
  let now = 1000;
  const catalog = openCatalog(undefined, { now: () => now++ });
  putAnswer(catalog, 'of-ada');
  catalog.answers.put({ id: 'of-bob', ...question, source: '{}', answer: '{}', askerId: '2' });
  expect(catalog.answers.find(question, '1')?.id).toBe('of-ada');
  expect(catalog.answers.find(question, '2')?.id).toBe('of-bob');
  expect(catalog.answers.find(question, '3')?.id).toBe('of-bob');
});

test('renews the time of a repeated answer and of a renewed embedding', () => {
  let now = 1000;
  const catalog = openCatalog(undefined, { now: () => now });
  const key = { contentSha256: 'b', spaceId: 'space-a', part: '0-' };
  putAnswer(catalog, 'given-again');
  catalog.embeddingCache.put(key, new Uint8Array([1]));
  now = 2000;
  putAnswer(catalog, 'given-again');
  catalog.embeddingCache.renew(key);
  catalog.embeddingCache.renew({ ...key, part: '5-' });
  catalog.answers.removeBefore(1500);
  catalog.embeddingCache.removeBefore(1500);
  expect(catalog.answers.has('given-again')).toBe(true);
  expect(catalog.embeddingCache.get(key)).toEqual(new Uint8Array([1]));
  expect(catalog.embeddingCache.get({ ...key, part: '5-' })).toBeNull();
});

test('deletes answers and cached embeddings older than a time', () => {
  let now = 1000;
  const catalog = openCatalog(undefined, { now: () => now });
  const key = { contentSha256: 'b', spaceId: 'space-a', part: '0-' };
  putAnswer(catalog, 'old');
  catalog.embeddingCache.put(key, new Uint8Array([1, 2]));
  now = 2000;
  putAnswer(catalog, 'new');
  catalog.answers.removeBefore(1500);
  catalog.embeddingCache.removeBefore(1500);
  expect(catalog.embeddingCache.get(key)).toBeNull();
  expect(catalog.answers.has('old')).toBe(false);
  expect(catalog.answers.has('new')).toBe(true);
});

test('replaces a cached embedding and renews its time', () => {
  let now = 1000;
  const catalog = openCatalog(undefined, { now: () => now });
  const key = { contentSha256: 'b', spaceId: 'space-a', part: '0-' };
  catalog.embeddingCache.put(key, new Uint8Array([1]));
  now = 2000;
  catalog.embeddingCache.put(key, new Uint8Array([2]));
  catalog.embeddingCache.removeBefore(1500);
  expect(catalog.embeddingCache.get(key)).toEqual(new Uint8Array([2]));
});

test('stores one changeable vote per user, which outlives the answer', () => {
  const catalog = openCatalog();
  const vote = { ...question, trackId: 7, userId: '1', answerId: 'x', rank: 1 };
  catalog.feedback.put({ ...vote, vote: 1 });
  catalog.feedback.put({ ...vote, vote: -1 });
  catalog.feedback.put({ ...vote, userId: '2', vote: 1 });
  expect(catalog.feedback.voteOf(vote)).toBe(-1);
  expect(catalog.feedback.voteOf({ ...vote, userId: '2' })).toBe(1);
  expect(catalog.feedback.voteOf({ ...vote, spaceId: 'space-b' })).toBeNull();
});

test('lets one of two simultaneous shares post', () => {
  const catalog = openCatalog();
  const share = { answerId: 'x', trackId: 7, channelId: '5', userId: '1' };
  expect(catalog.shares.claim({ id: 'one', ...share }).id).toBe('one');
  expect(catalog.shares.claim({ id: 'two', ...share, userId: '2' })).toMatchObject({ id: 'one', messageId: null });
  catalog.shares.posted('one', '99');
  expect(catalog.shares.claim({ id: 'three', ...share })).toMatchObject({ id: 'one', messageId: '99' });
  expect(catalog.shares.claim({ id: 'four', ...share, channelId: '6' }).id).toBe('four');
});

test('passes a claim without a post to the next user, at once when it failed and later when its poster died', () => {
  let now = 0;
  const catalog = openCatalog(undefined, { now: () => now });
  const share = { answerId: 'x', trackId: 7, channelId: '5', userId: '1' };
  catalog.shares.claim({ id: 'one', ...share });
  catalog.shares.drop('one');
  expect(catalog.shares.claim({ id: 'two', ...share }).id).toBe('two');
  now = 300_000;
  expect(catalog.shares.claim({ id: 'three', ...share }).id).toBe('three');
});

test('counts one vote per user, which may change or be withdrawn', () => {
  const catalog = openCatalog();
  const { shares } = catalog;
  shares.claim({ id: 's', answerId: 'x', trackId: 7, channelId: '5', userId: '1' });
  expect(shares.vote('s', '1', 1)).toEqual({ up: 1, down: 0 });
  expect(shares.vote('s', '2', 1)).toEqual({ up: 2, down: 0 });
  expect(shares.vote('s', '1', -1)).toEqual({ up: 1, down: 1 });
  expect(shares.vote('s', '1', -1)).toEqual({ up: 1, down: 0 });
});

test('lists the pending queries of one shard, oldest first, until they end', () => {
  let now = 1;
  const catalog = openCatalog(undefined, { now: () => now++ });
  const query = { applicationId: '9', token: 't', locale: 'de' };
  catalog.pendingQueries.begin({ interactionId: 'a', shard: 0, ...query });
  catalog.pendingQueries.begin({ interactionId: 'b', shard: 1, ...query });
  catalog.pendingQueries.begin({ interactionId: 'c', shard: 0, ...query });
  expect(catalog.pendingQueries.of(0, 2).map(({ interactionId }) => interactionId)).toEqual(['a', 'c']);
  catalog.pendingQueries.end('a');
  expect(catalog.pendingQueries.of(0, 2)).toEqual([{ interactionId: 'c', shard: 0, ...query, startedAtMs: 3 }]);
});
