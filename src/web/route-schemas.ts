/** Parts of descriptions that several routes share. */
import { z } from 'zod';
import { problemResponses } from './problems.ts';

/** Of a query, or of a stored answer. */
export const queryParams = z.object({ id: z.string().regex(/^[a-z0-9]{1,40}$/) });
/** Of what is numbered: tracks, reindexes, jobs. */
export const numberParams = z.object({ id: z.coerce.number<string>().int().min(1).max(Number.MAX_SAFE_INTEGER) });
export const rankText = z.string().regex(/^[1-9]\d?$/);
/** Names a clip of an answer. */
export const clipFields = {
  rank: rankText,
  kind: z.enum(['theirs', 'yours', 'both']).describe('The track, the query, or one after the other'),
};

/** Only described: streams and buffers are sent as they are. */
export const bytesSchema = z.any().meta({ type: 'string', format: 'binary' });

export const audioResponses = {
  200: { description: 'mp3', content: { 'audio/mpeg': { schema: bytesSchema } } },
  206: { description: 'A range of it', content: { 'audio/mpeg': { schema: bytesSchema } } },
  ...problemResponses,
};

export const pictureResponses = {
  200: { description: 'A PNG', content: { 'image/png': { schema: bytesSchema } } },
  ...problemResponses,
};

export const eventResponses = {
  200: { description: 'Events', content: { 'text/event-stream': { schema: z.string() } } },
  ...problemResponses,
};
