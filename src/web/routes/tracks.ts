/** /tracks: the library's tracks, what is near to one, and how it sounds. */
import PQueue from 'p-queue';
import { z } from 'zod';
import { answerQuery } from '../../answering/answer-query.ts';
import { trackSorts } from '../../catalog/track-pages.ts';
import { focusNames, type Track } from '../../domain.ts';
import { LeitmotifError } from '../../errors.ts';
import { timeLimit } from '../../io/time-limit.ts';
import { trackDuplicates } from '../../query/track-duplicates.ts';
import { answerSchema } from '../answer-schemas.ts';
import { problemResponses } from '../problems.ts';
import { textBoolean } from '../query-schemas.ts';
import { answerView } from '../query-view.ts';
import { audioResponses, bytesSchema, numberParams } from '../route-schemas.ts';
import { sendFile } from '../send-file.ts';
import { callerOf, type RouteParts, type WebServer } from '../web-server.ts';

const tags = ['library'];
const pageMax = 200;
/** `z.coerce` would read nothing as 0. */
const secondsText = z
  .string()
  .regex(/^\d{1,6}(\.\d{1,6})?$/)
  .transform(Number);
/** One that waits asks again. */
const similarWaitingMax = 50;

export const trackSchema = z
  .object({
    id: z.int(),
    key: z.string().describe('Path below the library'),
    title: z.string().nullable(),
    artist: z.string().nullable(),
    album: z.string().nullable(),
    durationSec: z.number(),
  })
  .meta({ id: 'Track' });

export const trackSortSchema = z.enum(trackSorts);

export const trackPageSchema = z
  .object({ tracks: z.array(trackSchema), next: z.string().nullable() })
  .meta({ id: 'TrackPage' });

const cursorSchema = z.tuple([
  z.enum(trackSorts),
  z.boolean(),
  z.int(),
  z.string().nullable(),
  z.string().nullable(),
  z.string().nullable(),
  z.number(),
  z.string(),
]);

export function trackRoutes(server: WebServer, parts: RouteParts): void {
  const { services, trackMedia, stopping } = parts;
  const similar = new PQueue({ concurrency: services.config.queries.atOnce });

  server.route({
    method: 'GET',
    url: '/tracks',
    schema: {
      tags,
      summary: 'Tracks of the library, a page at a time',
      querystring: z.object({
        q: z.string().max(200).default('').describe('Words, or parts of words, in title, artist or key'),
        sort: trackSortSchema.default('title'),
        order: z.enum(['asc', 'desc']).default('asc'),
        limit: z.coerce.number<string>().int().min(1).max(pageMax).default(50),
        ids: z
          .string()
          .regex(/^\d{1,15}(,\d{1,15}){0,199}$/)
          .optional()
          .describe('Up to 200 ids with commas: these tracks, in this order. The other parameters do not apply'),
        cursor: z.string().max(4_000).optional().describe('`next` of the page before, with the same other parameters'),
      }),
      response: {
        200: trackPageSchema,
        ...problemResponses,
      },
    },
    handler: async (request, reply) => {
      const { q, sort, order, limit, cursor, ids } = request.query;
      reply.header('cache-control', 'private, no-cache');
      if (ids !== undefined) return { tracks: tracksOf(ids.split(',').map(Number), parts).map(shownTrack), next: null };
      const descending = order === 'desc';
      const after = cursor === undefined ? null : readCursor(cursor, sort, descending);
      const found = services.catalog.tracks.page({ words: q, sort, descending, limit: limit + 1, after });
      const shown = found.slice(0, limit);
      const last = found.length > limit ? shown.at(-1) : undefined;
      return { tracks: shown.map(shownTrack), next: last ? writeCursor(last, sort, descending) : null };
    },
  });

  server.route({
    method: 'GET',
    url: '/tracks/:id',
    schema: { tags, summary: 'A track', params: numberParams, response: { 200: trackSchema, ...problemResponses } },
    handler: async (request, reply) => {
      reply.header('cache-control', 'private, no-cache');
      return shownTrack(trackOf(request.params.id, parts));
    },
  });

  server.route({
    method: 'GET',
    url: '/tracks/:id/similar',
    schema: {
      tags,
      summary: 'Tracks that sound like a track',
      params: numberParams,
      querystring: z.object({
        results: z.coerce.number<string>().int().min(1).max(30).default(10),
        focus: z.enum(focusNames).default('balanced'),
        sameArtist: textBoolean,
      }),
      response: { 200: answerSchema, ...problemResponses },
    },
    handler: async (request, reply) => {
      const { id: trackId } = trackOf(request.params.id, parts);
      if (similar.size >= similarWaitingMax)
        throw new LeitmotifError('queue-full', 'Cannot search with another track: too many wait');
      const gone = whenGone(reply.raw);
      using limit = timeLimit(services.config.queries.deadlineMs, stopping, gone);
      const { signal } = limit;
      const question = {
        asked: { kind: 'piece' as const, trackId },
        options: { ...request.query, fromSec: null, toSec: null },
      };
      const run = async () => {
        await using answered = await answerQuery(
          question,
          { services, spoolDir: '', trustedOrigins: [] },
          {
            ...{ askerId: callerOf(request).id, minMatch: 0, signal, log: parts.log },
            onStage: () => {},
            onDone: () => {},
          },
        );
        return answered.stored;
      };
      const stored = await similar.add(run, { signal });
      reply.header('cache-control', 'private, no-cache');
      return answerView(stored);
    },
  });

  server.route({
    method: 'GET',
    url: '/tracks/:id/duplicates',
    schema: {
      tags,
      summary: 'The same recording under other names',
      params: numberParams,
      response: { 200: z.object({ tracks: z.array(trackSchema) }).meta({ id: 'Duplicates' }), ...problemResponses },
    },
    handler: async (request, reply) => {
      const track = trackOf(request.params.id, parts);
      if (similar.size >= similarWaitingMax)
        throw new LeitmotifError('queue-full', 'Cannot compare another track: too many wait');
      const signal = AbortSignal.any([stopping, whenGone(reply.raw)]);
      const found = await similar.add(() => trackDuplicates(track, services.catalog, signal), { signal });
      reply.header('cache-control', 'private, no-cache');
      return { tracks: found.map(shownTrack) };
    },
  });

  server.route({
    method: 'GET',
    url: '/tracks/:id/waveform',
    schema: {
      tags,
      summary: 'The waveform of a track, to draw',
      params: numberParams,
      response: {
        200: z
          .object({
            durationSec: z.number(),
            peaks: z.array(z.int().min(0).max(255)).describe('Of equal parts of the track; 255 is its loudest moment'),
          })
          .meta({ id: 'Waveform' }),
        ...problemResponses,
      },
    },
    handler: async (request, reply) => {
      const track = trackOf(request.params.id, parts);
      const peaks = await trackMedia.peaks(track, stopping);
      reply.header('cache-control', 'private, max-age=3600');
      return { durationSec: track.durationSec, peaks: [...peaks] };
    },
  });

  server.route({
    method: 'GET',
    url: '/tracks/:id/audio',
    schema: {
      tags,
      summary: 'A track to hear',
      description:
        'Ten seconds from `from`. Without `from`: the whole recording if WEB_PLAY_LIBRARY allows it, else its first ten seconds.',
      params: numberParams,
      querystring: z.object({ from: secondsText.optional().describe('Seconds') }),
      response: {
        ...audioResponses,
        200: { description: 'Audio', content: { 'audio/*': { schema: bytesSchema } } },
        206: { description: 'A range of it', content: { 'audio/*': { schema: bytesSchema } } },
      },
    },
    handler: async (request, reply) => {
      const track = trackOf(request.params.id, parts);
      const { from } = request.query;
      const cacheControl = 'private, max-age=3600';
      if (from !== undefined || !services.config.web.playLibrary) {
        const file = await trackMedia.clip(track, from ?? 0, stopping);
        return sendFile(request, reply, file, { cacheControl, type: 'audio/mpeg' });
      }
      const library = services.libraries.current();
      if (!library) throw new LeitmotifError('file-unreadable', 'Cannot play a track: the library is not known');
      const file = await library.localFile(track.key, { signal: stopping });
      // A remote recording is fetched for this response and deleted after it.
      reply.raw.once('close', () => void file[Symbol.asyncDispose]());
      return sendFile(request, reply, file.path, { cacheControl });
    },
  });
}

function trackOf(id: number, { services: { catalog } }: RouteParts): Track {
  const track = catalog.tracks.byIds([id]).get(id);
  if (track?.status === 'indexed') return track;
  throw new LeitmotifError('track-unknown', `Cannot find track ${id} in the library`);
}

/** Unknown and removed tracks are left out. */
function tracksOf(ids: readonly number[], { services: { catalog } }: RouteParts): Track[] {
  const known = catalog.tracks.byIds(ids);
  return ids.flatMap((id) => known.get(id) ?? []).filter(({ status }) => status === 'indexed');
}

function shownTrack({ id, key, title, artist, album, durationSec }: Track) {
  return { id, key, title, artist, album, durationSec };
}

function writeCursor(last: Track, sort: string, descending: boolean): string {
  const { id, key, title, artist, album, durationSec } = last;
  return Buffer.from(JSON.stringify([sort, descending, id, title, artist, album, durationSec, key])).toString(
    'base64url',
  );
}

/** @throws {LeitmotifError} 'bad-request' for one that this server did not write, or of another order */
function readCursor(text: string, sort: string, descending: boolean) {
  try {
    const [writtenSort, wasDescending, id, title, artist, album, durationSec, key] = cursorSchema.parse(
      JSON.parse(Buffer.from(text, 'base64url').toString('utf8')),
    );
    if (writtenSort === sort && wasDescending === descending) return { id, title, artist, album, durationSec, key };
  } catch (cause) {
    throw new LeitmotifError('bad-request', 'Cannot read the cursor: expected `next` of the page before', { cause });
  }
  throw new LeitmotifError('bad-request', 'Cannot use the cursor: it belongs to another order');
}

function whenGone(raw: { once(event: 'close', then: () => void): unknown }): AbortSignal {
  const gone = new AbortController();
  raw.once('close', () => gone.abort(new LeitmotifError('cancelled', 'The client has gone')));
  return gone.signal;
}
