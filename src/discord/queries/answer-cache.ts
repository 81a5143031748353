/** What was computed before is not computed again. What is remembered is the answer to some bytes; who asked, and what
 *  they call their file, is theirs alone: whoever asks the same gets an answer of their own. */
import { isDeepStrictEqual } from 'node:util';
import type { App } from '../../app.ts';
import type { HeardKey } from '../../catalog/embedding-cache.ts';
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
import { retryBusy } from '../retry-busy.ts';
import type { QuestionOptions } from './question.ts';

type Part = Pick<QuestionOptions, 'fromSec' | 'toSec'>;

/** Who asks, and with what. */
export interface Asking {
  readonly askerId: string;
  readonly source: QuestionSource;
  readonly contentSha256: string;
}

/** What the worker made of these bytes and this part; null when it is not kept. */
export async function recordingHeard(contentSha256: string, part: Part, app: App): Promise<EmbeddedRecording | null> {
  const bytes = app.catalog.heard.get(heardKey(contentSha256, await app.worker.spaceId(), part));
  return bytes === null ? null : readRecording(bytes);
}

/** The answer to the same bytes, options, space and generation, as this person's own; null when there is none, or when a
 *  piece in it was removed since. It is kept from now on. */
export async function recall(
  asking: Asking,
  options: AnswerOptions,
  app: App,
  signal: AbortSignal,
): Promise<StoredAnswer | null> {
  const generation = (await app.liveIndex.open(signal)).current()?.id ?? '';
  const { contentSha256, askerId } = asking;
  const question = { contentSha256, options: optionsText(options), spaceId: await app.worker.spaceId(), generation };
  const row = app.catalog.answers.find(question, askerId);
  const known = row === null ? null : fromRow(row);
  if (!known) return null;
  const ids = shownTrackIds(known.answer);
  if (app.catalog.tracks.live(ids).size < ids.size) return null;
  const own = asOwn(known, asking);
  await keep(own, app, signal);
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
export async function keep({ createdAtMs: _, ...stored }: StoredAnswer, app: App, signal: AbortSignal): Promise<void> {
  const { contentSha256, spaceId, options } = stored;
  await retryBusy(() => app.catalog.answers.put(toRow(stored)), signal);
  await retryBusy(() => app.catalog.heard.renew(heardKey(contentSha256, spaceId, options)), signal);
}

export async function keepHeard(
  contentSha256: string,
  part: Part,
  recording: EmbeddedRecording,
  app: App,
  signal: AbortSignal,
): Promise<void> {
  const bytes = writeRecording(recording);
  await retryBusy(() => app.catalog.heard.put(heardKey(contentSha256, recording.spaceId, part), bytes), signal);
}

function heardKey(contentSha256: string, spaceId: string, { fromSec, toSec }: Part): HeardKey {
  return { contentSha256, spaceId, part: `${fromSec ?? 0}-${toSec ?? ''}` };
}
