/** /queries: asks, shows, tells of the progress, cancels. */
import { createHash } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { QuestionOptions, RequestedSource } from '../../answering/question.ts';
import { LeitmotifError } from '../../errors.ts';
import { readLink } from '../../fetch/link.ts';
import { parseTime } from '../../format.ts';
import { checkedTracks, type QueryTracks } from '../../query/find-by-tracks.ts';
import { IdempotencyKeys } from '../idempotency.ts';
import { problemResponses } from '../problems.ts';
import { formBodySchema, formFieldsSchema, jsonQuerySchema, queryViewSchema, stateSchema } from '../query-schemas.ts';
import { addressOf, stateOf, viewOf } from '../query-view.ts';
import { eventResponses, queryParams } from '../route-schemas.ts';
import type { Upload } from '../uploads.ts';
import { type Asked, isEnded, type WebQuery } from '../web-queries.ts';
import { callerOf, type RouteParts, type WebServer } from '../web-server.ts';

const tags = ['queries'];
const idempotencyHeaders = z.object({
  'idempotency-key': z
    .string()
    .regex(/^[\x21-\x7e]{1,200}$/)
    .optional()
    .describe('The same key and request again give the same query'),
});
/** A small JSON object. */
const jsonBytesMax = 65_536;

interface Received {
  readonly asked: Asked;
  /** Equal for equal requests. */
  readonly print: string;
  readonly upload: Upload | null;
}

export function queryRoutes(server: WebServer, parts: RouteParts): void {
  const { queries, streams, services } = parts;
  const keys = new IdempotencyKeys();

  server.route({
    method: 'POST',
    url: '/queries',
    bodyLimit: jsonBytesMax,
    schema: {
      tags,
      summary: 'Ask with a recording, a link, one or more tracks, or words',
      description: 'Returns at once; the query runs when its turn comes. Follow Location or its events.',
      headers: idempotencyHeaders,
      body: {
        content: {
          'application/json': { schema: jsonQuerySchema },
          'multipart/form-data': { schema: formBodySchema },
        },
      },
      response: { 202: stateSchema, ...problemResponses },
    },
    handler: async (request, reply) => {
      const caller = callerOf(request);
      const key = (request.headers as { 'idempotency-key'?: string })['idempotency-key'] ?? null;
      // Before a large body is read: a caller who has to wait need not send it.
      if (!keys.isKnown(caller.id, key)) await queries.assertWelcome(caller);
      const received = await receive(request, parts);
      const release = async () => received.upload?.release();
      let query: WebQuery;
      try {
        const begin = () => queries.begin(caller, received.asked, release).id;
        const { queryId, isNew } = keys.once(caller.id, key, received.print, begin);
        await queries.accepted(queryId).catch((error: unknown) => {
          keys.forget(caller.id, key, queryId);
          throw error;
        });
        query = queries.get(caller, queryId);
        if (!isNew) await release();
      } catch (error) {
        await release();
        throw error;
      }
      return reply.code(202).header('location', addressOf(query.id)).send(stateOf(query));
    },
  });

  server.route({
    method: 'GET',
    url: '/queries/:id',
    schema: {
      tags,
      summary: 'State, progress and answer of a query',
      params: queryParams,
      response: { 200: queryViewSchema, ...problemResponses },
    },
    handler: async (request, reply) => {
      const query = queries.get(callerOf(request), request.params.id);
      reply.header('cache-control', isEnded(query) ? 'private, no-cache' : 'no-store');
      return viewOf(query, queries, services.catalog);
    },
  });

  server.route({
    method: 'GET',
    url: '/queries/:id/events',
    schema: {
      tags,
      summary: 'Changes of the state, as Server-Sent Events',
      description:
        'Each event `state` is a QueryState. The stream ends with the query. A slow client gets the newest state only.',
      params: queryParams,
      response: eventResponses,
    },
    handler: async (request, reply) => {
      const { id } = queries.get(callerOf(request), request.params.id);
      const current = () => {
        const query = queries.get(callerOf(request), id);
        return { event: 'state', data: stateOf(query), isLast: isEnded(query) };
      };
      streams.stream(reply, current, (onChange) => queries.onChange(id, onChange));
    },
  });

  server.route({
    method: 'DELETE',
    url: '/queries/:id',
    schema: {
      tags,
      summary: 'Cancel a query; one that has ended stays as it is',
      params: queryParams,
      response: { 204: z.undefined().describe('It ends now, or had ended'), ...problemResponses },
    },
    handler: async (request, reply) => {
      queries.cancel(callerOf(request), request.params.id);
      return reply.code(204).send();
    },
  });
}

async function receive(request: FastifyRequest, parts: RouteParts): Promise<Received> {
  if (!request.isMultipart()) {
    // A request without a body has no type, and its body was not checked.
    const read = jsonQuerySchema.safeParse(request.body);
    if (read.success) return fromJson(read.data, parts);
    throw new LeitmotifError('bad-request', 'Cannot read the request: expected a form or a JSON object');
  }
  const fields: Record<string, string> = {};
  let upload: Upload | null = null;
  try {
    for await (const part of request.parts()) {
      if (part.type === 'field') fields[part.fieldname] = String(part.value);
      else if (part.fieldname !== 'audio')
        throw badForm(`expected the file as "audio", got "${part.fieldname.slice(0, 40)}"`);
      else upload = await parts.uploads.receive(part);
    }
    if (upload === null) throw badForm('expected a file named "audio"');
    const read = formFieldsSchema.safeParse(fields);
    if (!read.success)
      throw badForm(read.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; '));
    const { path, name, contentSha256 } = upload;
    const options = optionsOf(read.data);
    return {
      upload,
      asked: { asked: { kind: 'upload', path, name, contentSha256 }, options },
      print: printOf({ contentSha256, name, options }),
    };
  } catch (error) {
    await upload?.release();
    dropRest(request);
    if (isBadForm(error)) throw badForm(error.message);
    throw error;
  }
}

/** Reads what a client still sends of a refused body. Otherwise its next request on this connection would wait for ever. */
function dropRest({ raw }: FastifyRequest): void {
  raw.unpipe();
  raw.resume();
}

function fromJson(body: z.infer<typeof jsonQuerySchema>, { services }: RouteParts): Received {
  const print = printOf(body);
  if ('text' in body) return { asked: { words: body.text, results: body.results }, print, upload: null };
  const options = optionsOf('tracks' in body ? { ...body, from: undefined, to: undefined } : body);
  return { asked: { asked: sourceOf(body, services), options }, print, upload: null };
}

function sourceOf(
  body: { readonly link: string } | { readonly track: number } | { readonly tracks: QueryTracks },
  { catalog }: RouteParts['services'],
): RequestedSource {
  // Refused here, before the query waits for its turn.
  if ('link' in body) return { kind: 'link', url: readLink(body.link.trim()).href };
  const tracks = checkedTracks('tracks' in body ? body.tracks : { plus: [body.track], minus: [] });
  const ids = [...tracks.plus, ...tracks.minus];
  const live = catalog.tracks.live(ids);
  const unknown = ids.find((id) => !live.has(id));
  if (unknown !== undefined)
    throw new LeitmotifError('track-unknown', `Cannot query with track ${unknown}: it is not in the library`);
  return 'tracks' in body ? { kind: 'pieces', tracks } : { kind: 'piece', trackId: body.track };
}

function optionsOf({
  from,
  to,
  results,
  focus,
  sameArtist,
}: Pick<z.infer<typeof formFieldsSchema>, 'from' | 'to' | 'results' | 'focus' | 'sameArtist'>): QuestionOptions {
  const [fromSec, toSec] = [secondsOf(from), secondsOf(to)];
  if (toSec !== null && toSec <= (fromSec ?? 0)) {
    const facts = { problem: 'to-before-from' };
    throw new LeitmotifError('bad-request', 'Cannot query with a part that ends before it begins', { facts });
  }
  return { fromSec, toSec, results, focus, sameArtist };
}

function secondsOf(time: string | number | undefined): number | null {
  if (time === undefined || typeof time === 'number') return time ?? null;
  try {
    return parseTime(time);
  } catch (cause) {
    throw new LeitmotifError('bad-request', 'Cannot read a time: expected seconds or m:ss', { cause });
  }
}

function printOf(content: unknown): string {
  return createHash('sha256').update(JSON.stringify(content)).digest('hex');
}

/** The form's parser has codes for its limits only. */
function isBadForm(error: unknown): error is Error {
  if (!(error instanceof Error) || error instanceof LeitmotifError) return false;
  const { code } = error as { code?: unknown };
  return code === undefined
    ? /unexpected end|boundary|malformed|unsupported content type/i.test(error.message)
    : ['FST_FIELDS_LIMIT', 'FST_PARTS_LIMIT', 'FST_FILES_LIMIT', 'FST_PROTO_VIOLATION'].includes(String(code));
}

function badForm(why: string): LeitmotifError {
  return new LeitmotifError('bad-request', `Cannot read the form: ${why.slice(0, 500)}`);
}
