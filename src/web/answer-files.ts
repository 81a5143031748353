/** Sends what belongs to a stored answer: its match picture, and the clips of its results. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { resultOf } from '../answering/stored-result.ts';
import { LeitmotifError } from '../errors.ts';
import { englishPictureWords } from '../media/picture-words.ts';
import type { StoredAnswer } from '../query/stored-answer.ts';
import { sendFile } from './send-file.ts';
import type { RouteParts } from './web-server.ts';

/** Results of the picture. */
const picturedMax = 10;

export interface ClipName {
  readonly rank: string;
  readonly kind: 'theirs' | 'yours' | 'both';
}

type Parts = Pick<RouteParts, 'media' | 'services' | 'stopping'>;

export async function sendPicture(
  reply: FastifyReply,
  { answer, options }: StoredAnswer,
  { media }: Pick<Parts, 'media'>,
  cacheControl: string,
): Promise<FastifyReply> {
  const results = answer.results.slice(0, Math.min(options.results, picturedMax));
  const picture = await media.picture(answer, englishPictureWords, results);
  return reply.header('cache-control', cacheControl).type('image/png').send(picture);
}

/** @throws {LeitmotifError} 'not-found' for a result without clips, or a side whose sound is gone; as resultOf */
export async function sendClip(
  request: FastifyRequest,
  reply: FastifyReply,
  stored: StoredAnswer,
  { rank, kind }: ClipName,
  { media, services, stopping }: Parts,
  cacheControl: string,
): Promise<FastifyReply> {
  const result = stored.answer.results.find((each) => String(each.rank) === rank);
  if (!result || result.hits.length === 0)
    throw new LeitmotifError('not-found', `Cannot find a clip of result ${rank}`);
  // The cut is shared by callers and continues when one of them leaves.
  const clips = await media.clips(stored, resultOf(stored, rank, services), stopping);
  const file = { theirs: clips.theirs, yours: clips.yours, both: clips.ab }[kind];
  if (file === null)
    throw new LeitmotifError('not-found', "Cannot play the query's side: its sound is no longer stored");
  return sendFile(request, reply, file, { cacheControl, type: 'audio/mpeg' });
}
