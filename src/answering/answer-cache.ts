/** The answer cache: equal bytes and options give the stored results. User and file name stay private to each user: another
 *  user with the same bytes gets a copy under their own name. */
import { isDeepStrictEqual } from 'node:util';
import type { EmbeddingCacheKey } from '../catalog/embedding-cache.ts';
import { retryBusy } from '../catalog/retry-busy.ts';
import type { EmbeddedRecording } from '../domain.ts';
import { shownTrackIds } from '../query/answer.ts';
import {
  type AnswerOptions,
  fromRow,
  newAnswerId,
  optionsText,
  type QuestionSource,
  type StoredAnswer,
  toRow,
} from '../query/stored-answer.ts';
import { readRecording, writeRecording } from '../query/stored-recording.ts';
import type { Services } from '../services/services.ts';
import type { QuestionOptions } from './question.ts';

type CacheServices = Pick<Services, 'catalog' | 'liveIndex' | 'worker'>;
type Part = Pick<QuestionOptions, 'fromSec' | 'toSec'>;

/** The user, and the source of the query. */
export interface Asking {
  readonly askerId: string;
  readonly source: QuestionSource;
  readonly contentSha256: string;
}

/** The cached embedding of these bytes and this part; null when none is stored. */
export async function storedEmbedding(
  contentSha256: string,
  part: Part,
  services: CacheServices,
): Promise<EmbeddedRecording | null> {
  const bytes = services.catalog.embeddingCache.get(
    embeddingCacheKey(contentSha256, await services.worker.spaceId(), part),
  );
  return bytes === null ? null : readRecording(bytes);
}

/** The stored answer to the same bytes, options, space and generation, stored again as this user's own; null when there is
 *  none, or when one of its tracks was removed since. */
export async function findStoredAnswer(
  asking: Asking,
  options: AnswerOptions,
  services: CacheServices,
  signal: AbortSignal,
): Promise<StoredAnswer | null> {
  const generation = (await services.liveIndex.open(signal)).current()?.id ?? '';
  const { contentSha256, askerId } = asking;
  const question = {
    contentSha256,
    options: optionsText(options),
    spaceId: await services.worker.spaceId(),
    generation,
  };
  const row = services.catalog.answers.find(question, askerId);
  const known = row === null ? null : fromRow(row);
  if (!known) return null;
  const ids = shownTrackIds(known.answer);
  if (services.catalog.tracks.live(ids).size < ids.size) return null;
  const own = asOwn(known, asking);
  await storeAnswer(own, services, signal);
  return own;
}

/** The same results under this user's id and file name. A user who repeats a query keeps the same answer. */
function asOwn(known: StoredAnswer, { askerId, source }: Asking): StoredAnswer {
  if (known.askerId === askerId && isDeepStrictEqual(known.source, source))
    return { ...known, createdAtMs: Date.now() };
  const { query } = known.answer;
  // A name other than the file's comes from the recording's tags, which are part of the equal bytes.
  const name = query.name === known.source.name ? source.name : query.name;
  const answer = { ...known.answer, query: { ...query, name } };
  return { ...known, id: newAnswerId(), askerId, source, answer, createdAtMs: Date.now() };
}

/** Stores an answer, or extends its life, and with it the cached embedding, so that the query can run again. */
export async function storeAnswer(
  { createdAtMs: _, ...stored }: StoredAnswer,
  services: CacheServices,
  signal: AbortSignal,
): Promise<void> {
  const { contentSha256, spaceId, options } = stored;
  await retryBusy(() => services.catalog.answers.put(toRow(stored)), signal);
  await retryBusy(
    () => services.catalog.embeddingCache.renew(embeddingCacheKey(contentSha256, spaceId, options)),
    signal,
  );
}

export async function storeEmbedding(
  contentSha256: string,
  part: Part,
  recording: EmbeddedRecording,
  services: CacheServices,
  signal: AbortSignal,
): Promise<void> {
  const bytes = writeRecording(recording);
  await retryBusy(
    () => services.catalog.embeddingCache.put(embeddingCacheKey(contentSha256, recording.spaceId, part), bytes),
    signal,
  );
}

function embeddingCacheKey(contentSha256: string, spaceId: string, { fromSec, toSec }: Part): EmbeddingCacheKey {
  return { contentSha256, spaceId, part: `${fromSec ?? 0}-${toSec ?? ''}` };
}
