/** A query as the API shows it. */

import { hasRemovedPieces } from '../answering/stored-result.ts';
import type { Catalog } from '../catalog/catalog.ts';
import { LeitmotifError } from '../errors.ts';
import { answerJson } from '../query/answer-json.ts';
import type { StoredAnswer } from '../query/stored-answer.ts';
import { wordsJson } from '../query/words-json.ts';
import { HttpRefusal, problemOf } from './problems.ts';
import type { voteNames } from './query-schemas.ts';
import { isEnded, type WebQueries, type WebQuery } from './web-queries.ts';

export const prefix = '/api/v1';

export function stateOf(query: WebQuery) {
  const { id, state, progress, failure, answerId } = query;
  const self = addressOf(id);
  return {
    ...{ id, state, progress },
    createdAt: new Date(query.createdAtMs).toISOString(),
    endedAt: query.endedAtMs === null ? null : new Date(query.endedAtMs).toISOString(),
    error: failure === null ? null : problemOf(failure, id),
    self,
    events: `${self}/events`,
    permanent: answerId === null ? null : addressOf(answerId),
    picture: answerId === null ? null : `${addressOf(answerId)}/picture.png`,
  };
}

export function addressOf(id: string): string {
  return `${prefix}/queries/${id}`;
}

/** @throws {HttpRefusal} 409 while the query runs; 404 when it failed, was cancelled or was asked in words
 *  @throws {LeitmotifError} 'answer-expired' when it is no longer stored, or holds a track that was removed since */
export function storedOf(query: WebQuery, queries: WebQueries, catalog: Catalog): StoredAnswer {
  if (!isEnded(query)) {
    const headers = { 'retry-after': '1' };
    throw new HttpRefusal(409, 'bad-request', 'Cannot give this yet: the query has not ended', { headers });
  }
  if (query.answerId === null)
    throw new HttpRefusal(404, 'not-found', 'Cannot find this: the query has no answer with clips and a picture');
  const stored = queries.answer(query.answerId);
  if (!stored) throw new LeitmotifError('answer-expired', 'Cannot show the answer: it is no longer stored');
  if (hasRemovedPieces(stored, { catalog }))
    throw new LeitmotifError('answer-expired', 'Cannot show the answer: a track of it was removed since');
  return stored;
}

export function viewOf(query: WebQuery, queries: WebQueries, catalog: Catalog) {
  const isStored = query.answerId !== null;
  const stored = isStored ? storedOf(query, queries, catalog) : null;
  return {
    ...stateOf(query),
    fromMemory: query.fromMemory,
    answer: stored === null ? null : answerView(stored),
    wordsAnswer: query.words === null ? null : shownWords(query.words),
    votes: stored === null ? {} : votesOf(stored, query.callerId, catalog),
  };
}

function votesOf({ contentSha256, spaceId, answer }: StoredAnswer, userId: string, { feedback }: Catalog) {
  const votes: Record<string, (typeof voteNames)[number]> = {};
  for (const { rank, track } of answer.results) {
    const vote = feedback.voteOf({ contentSha256, spaceId, trackId: track.id, userId });
    if (vote !== null) votes[rank] = vote === 1 ? 'up' : 'down';
  }
  return votes;
}

/** @param self where its clips are */
export function answerView({ id, answer, options }: StoredAnswer, self = addressOf(id)) {
  const shown = { ...answer, results: answer.results.slice(0, options.results) };
  const clips = new Map(
    shown.results.map(({ rank, hits }) => {
      const clip = (kind: string) => `${self}/results/${rank}/clips/${kind}.mp3`;
      return [rank, hits.length === 0 ? null : { theirs: clip('theirs'), ab: clip('both') }] as const;
    }),
  );
  const known = new Map([...clips].flatMap(([rank, paths]) => (paths === null ? [] : [[rank, paths] as const])));
  const json = answerJson(shown, known);
  const ids = new Map(shown.results.map(({ rank, track }) => [rank, track.id]));
  return { ...json, results: json.results.map((result) => ({ ...result, trackId: ids.get(result.rank) ?? 0 })) };
}

function shownWords(words: NonNullable<WebQuery['words']>) {
  const json = wordsJson(words);
  const ids = new Map(words.results.map(({ rank, track }) => [rank, track.id]));
  return { ...json, results: json.results.map((result) => ({ ...result, trackId: ids.get(result.rank) ?? 0 })) };
}
