/** What was computed before is not computed again. What is remembered is the answer to some bytes; who asked, and what
 *  they call their file, is theirs alone: whoever asks the same gets an answer of their own. */
import { isDeepStrictEqual } from 'node:util';
import type { EmbeddingCacheKey } from '../../catalog/embedding-cache.ts';
import type { EmbeddedRecording } from '../../domain.ts';
import { shownTrackIds } from '../../query/answer.ts';
import {
  type AnswerOptions,
  fromRow,
  newAnswerId,
  optionsText,
  type QuestionSource,
  type StoredAnswer,
  toRow,
} from '../../query/stored-answer.ts';
import { readRecording, writeRecording } from '../../query/stored-recording.ts';
import type { Services } from '../../services/services.ts';
import { retryBusy } from '../retry-busy.ts';
import type { QuestionOptions } from './question.ts';

type CacheServices = Pick<Services, 'catalog' | 'liveIndex' | 'worker'>;
type Part = Pick<QuestionOptions, 'fromSec' | 'toSec'>;

/** Who asks, and with what. */
export interface Asking {
  readonly askerId: string;
  readonly source: QuestionSource;
  readonly contentSha256: string;
}

/** What the worker made of these bytes and this part; null when it is not kept. */
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

/** The answer to the same bytes, options, space and generation, as this person's own; null when there is none, or when a
 *  piece in it was removed since. It is kept from now on. */
export async function recall(
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
  await keep(own, services, signal);
  return own;
}

/** The same finds under this person's id and the name that they gave. Who repeats themselves keeps their answer. */
function asOwn(known: StoredAnswer, { askerId, source }: Asking): StoredAnswer {
  if (known.askerId === askerId && isDeepStrictEqual(known.source, source))
    return { ...known, createdAtMs: Date.now() };
  const { query } = known.answer;
  // Another name than the file's is what the recording's own tags say, which are among the equal bytes.
  const name = query.name === known.source.name ? source.name : query.name;
  const answer = { ...known.answer, query: { ...query, name } };
  return { ...known, id: newAnswerId(), askerId, source, answer, createdAtMs: Date.now() };
}

/** Keeps an answer, or keeps it for longer; and for as long what was heard, so that it can be asked again. */
export async function keep(
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
