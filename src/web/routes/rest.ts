/** /rest: the part of OpenSubsonic's API that lets players ask this library what sounds alike (the extension `sonicSimilarity`).
 *
 *  Players send an API key (the extension `apiKeyAuthentication`). Subsonic's own tokens are hashes of a password with a salt, which a
 *  server that stores hashes of its keys cannot check.
 *  @see https://opensubsonic.netlify.app/docs/extensions/sonicsimilarity/ */
import path from 'node:path';
import type { FastifyReply, FastifyRequest } from 'fastify';
import PQueue from 'p-queue';
import type { Track } from '../../domain.ts';
import { LeitmotifError, toLeitmotifError } from '../../errors.ts';
import { fileStem } from '../../format.ts';
import { timeLimit } from '../../io/time-limit.ts';
import type { Answer } from '../../query/answer.ts';
import { libraryRecording } from '../../query/library-recording.ts';
import { fusionOf } from '../../query/query-request.ts';
import { stepsBetween } from '../../ranking/sonic-path.ts';
import type { AccessControl } from '../access.ts';
import { asJson, asXml, type Fields, failedEnvelope, okEnvelope, SubsonicError } from '../subsonic.ts';
import type { RouteParts, WebServer } from '../web-server.ts';

type Parameters = Readonly<Record<string, string | undefined>>;
type Method = (parameters: Parameters, signal: AbortSignal) => Promise<Fields>;

const extensions = [
  { name: 'apiKeyAuthentication', versions: [1] },
  { name: 'formPost', versions: [1] },
  { name: 'sonicSimilarity', versions: [1] },
];
/** Those that an answer has room for. */
const similarMax = 100;
const pathMax = 100;
/** A way needs tracks that are near to both of its ends, so it looks further than an answer. */
const pathNeighbours = 50;
const pathCandidatesMax = 300;
const waitingMax = 50;
const bodyBytesMax = 20_000;

export function restRoutes(server: WebServer, parts: RouteParts, access: AccessControl, version: string): void {
  const methods = methodsOf(parts);
  const open = new Set(['getOpenSubsonicExtensions']);
  server.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, (_request, body, done) => {
    done(null, Object.fromEntries(new URLSearchParams(String(body))));
  });

  const handler = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const parameters = { ...(request.query as Parameters), ...((request.body ?? {}) as Parameters) };
    let envelope: Fields;
    try {
      const name = String((request.params as { method: string }).method).replace(/\.view$/, '');
      const method = Object.hasOwn(methods, name) ? methods[name] : undefined;
      if (name === 'tokenInfo')
        envelope = okEnvelope({ tokenInfo: { username: callerName(parameters, access) } }, version);
      else {
        if (!open.has(name)) callerName(parameters, access);
        if (!method) throw new SubsonicError('notFound', `This server has no "${name.slice(0, 40)}"`);
        using limit = timeLimit(parts.services.config.queries.deadlineMs, parts.stopping);
        envelope = okEnvelope(await method(parameters, limit.signal), version);
      }
    } catch (thrown) {
      envelope = failedEnvelope(asSubsonic(thrown, request), version);
    }
    const isJson = parameters.f === 'json';
    return reply
      .header('cache-control', 'no-store')
      .type(isJson ? 'application/json; charset=utf-8' : 'text/xml; charset=utf-8')
      .send(isJson ? asJson(envelope) : asXml(envelope));
  };
  for (const method of ['GET', 'POST'] as const) {
    server.route({
      ...{ method, url: '/rest/:method', bodyLimit: bodyBytesMax, handler },
      // By the API's own parameters, above.
      config: { access: 'open' },
      schema: { hide: true },
    });
  }
}

/** @throws {SubsonicError} for a caller who is not let in */
function callerName({ apiKey, u, p, t }: Parameters, access: AccessControl): string {
  if (apiKey !== undefined && (u !== undefined || p !== undefined || t !== undefined))
    throw new SubsonicError('mechanismConflict', 'Send apiKey alone, without a user name');
  if (apiKey !== undefined) {
    const key = access.keyOf(apiKey);
    if (key) return key.name;
    throw new SubsonicError('keyInvalid', 'This API key is not valid');
  }
  if (access.isOpen) return 'local';
  throw new SubsonicError(
    'mechanismUnsupported',
    'This server takes API keys only (apiKey). Make one: npm run web -- keys add NAME',
  );
}

function methodsOf({ services }: RouteParts): Readonly<Record<string, Method>> {
  const { catalog, config, queries, worker } = services;
  const queue = new PQueue({ concurrency: config.queries.atOnce });

  const trackOf = (id: string | undefined, name = 'id'): Track => {
    if (id === undefined) throw new SubsonicError('missingParameter', `Required parameter "${name}" is missing`);
    const track = /^[1-9]\d{0,14}$/.test(id) ? catalog.tracks.byIds([Number(id)]).get(Number(id)) : undefined;
    if (track?.status === 'indexed') return track;
    throw new SubsonicError('notFound', 'There is no such song');
  };

  const similarTo = async (
    track: Track,
    { resultsMax, neighbours }: { readonly resultsMax: number; readonly neighbours: number },
    signal: AbortSignal,
  ): Promise<Answer> => {
    if (queue.size >= waitingMax) throw new LeitmotifError('queue-full', 'Cannot search: too many requests wait');
    const { recording, contentSha256 } = libraryRecording(catalog, await worker.spaceId(), track.id);
    return queue.add(
      () =>
        queries.similar({
          ...{ path: '', contentSha256, neighbours, resultsMax, signal, storedEmbedding: recording },
          fusion: fusionOf(config.fusion),
          includeNonMusic: config.includeNonMusic,
          hubCorrection: config.hubCorrection,
          excludedTracks: new Set([track.id]),
        }),
      { signal },
    );
  };

  return {
    ping: async () => ({}),
    getLicense: async () => ({ license: { valid: true } }),
    getOpenSubsonicExtensions: async () => ({ openSubsonicExtensions: extensions }),
    getSong: async ({ id }) => ({ song: songOf(trackOf(id)) }),

    getSonicSimilarTracks: async ({ id, count }, signal) => {
      const wanted = countOf(count, 10, similarMax);
      const { results } = await similarTo(trackOf(id), { resultsMax: wanted, neighbours: config.neighbours }, signal);
      return { sonicMatch: results.map(({ track, match }) => sonicMatch(track, match)) };
    },

    findSonicPath: async ({ startSongId, endSongId, count }, signal) => {
      const [start, end] = [trackOf(startSongId, 'startSongId'), trackOf(endSongId, 'endSongId')];
      const wanted = countOf(count, 25, pathMax);
      if (start.id === end.id) return { sonicMatch: [sonicMatch(start, 1)] };
      const wide = { resultsMax: pathCandidatesMax, neighbours: pathNeighbours };
      const [fromStart, fromEnd] = await Promise.all([similarTo(start, wide, signal), similarTo(end, wide, signal)]);
      const [toStart, toEnd] = [matchesOf(fromStart), matchesOf(fromEnd)];
      const between = [...toStart].flatMap(([trackId, { match }]) => {
        const other = toEnd.get(trackId);
        const isEnd = trackId === start.id || trackId === end.id;
        return other === undefined || isEnd ? [] : [{ trackId, toStart: match, toEnd: other.match }];
      });
      const steps = stepsBetween(between, Math.max(0, wanted - 2));
      const step = (id: number) => toStart.get(id) ?? { track: end, match: -1 };
      return {
        sonicMatch: [
          sonicMatch(start, 1),
          ...steps.map((id) => sonicMatch(step(id).track, step(id).match)),
          sonicMatch(end, toStart.get(end.id)?.match),
        ],
      };
    },
  };
}

function matchesOf({ results }: Answer): Map<number, { readonly track: Track; readonly match: number }> {
  return new Map(results.map(({ track, match }) => [track.id, { track, match: match ?? 0 }]));
}

/** @param match undefined: not known */
function sonicMatch(track: Track, match: number | undefined): Fields {
  return { entry: songOf(track), similarity: match === undefined ? -1 : Math.round(match * 1e4) / 1e4 };
}

/** @see https://opensubsonic.netlify.app/docs/responses/child/ */
function songOf({ id, key, title, artist, album, durationSec }: Track): Fields {
  return {
    id: String(id),
    isDir: false,
    isVideo: false,
    type: 'music',
    mediaType: 'song',
    title: title ?? fileStem(key),
    ...(artist === null ? {} : { artist }),
    ...(album === null ? {} : { album }),
    duration: Math.round(durationSec),
    path: key,
    suffix: path.extname(key).slice(1).toLowerCase(),
  };
}

function countOf(text: string | undefined, usual: number, max: number): number {
  if (text === undefined) return usual;
  if (!/^\d{1,6}$/.test(text) || Number(text) < 1)
    throw new SubsonicError('generic', 'Cannot read "count": expected a number from 1');
  return Math.min(Number(text), max);
}

/** Details of other failures stay in the log. */
function asSubsonic(thrown: unknown, request: FastifyRequest): SubsonicError {
  if (thrown instanceof SubsonicError) return thrown;
  const error = toLeitmotifError(thrown);
  if (error.code === 'track-unknown') return new SubsonicError('notFound', 'There is no such song');
  request.log[error.code === 'internal' ? 'error' : 'warn']({ err: thrown, code: error.code }, 'a request failed');
  return new SubsonicError('generic', `The server cannot do this now (${error.code})`);
}
