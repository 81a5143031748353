/** `POST /v1/embeddings`: takes a queue slot, reads the body, waits for the turn, and streams the lines. Requests are refused
 *  before the body is read. An error before the first line is a status with `{code, message}`; a later one is the last line. */
import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { Readable } from 'node:stream';
import type { FastifyBaseLogger, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { AudioLimits } from '../src/audio/limits.ts';
import type { WorkerLine } from '../src/embedding/wire-format.ts';
import { LeitmotifError, toLeitmotifError } from '../src/errors.ts';
import type { Admission, Place } from './admission.ts';
import { embedRecording } from './embed-recording.ts';
import type { Metrics } from './metrics.ts';
import { takeRecording } from './request-body.ts';
import { signalOf } from './request-signal.ts';
import type { ServedModel, ServedModels } from './serving.ts';
import type { TagReader } from './tags/tag-reader.ts';

export interface EmbeddingsRouteOptions {
  readonly models: ServedModels;
  /** Whether recordings wait for models that load for the first time; else they are refused. */
  readonly acceptsWhileLoading: boolean;
  readonly tagReader: TagReader;
  readonly admission: Admission;
  readonly metrics: Metrics;
  readonly audioLimits: AudioLimits;
  readonly requestDeadlineMs: number;
  readonly spoolDir: string;
  /** Whether requests may name a file of this machine in place of a body. */
  readonly acceptsPaths: boolean;
  /** Aborted when the worker stops. */
  readonly stopping: AbortSignal;
}

const second = z.coerce.number().nonnegative().finite();
const embeddingsQuery = z
  .strictObject({
    model: z.string().min(1).optional(),
    fromSec: second.optional(),
    toSec: second.optional(),
    /** Largest duration to embed; the worker's own limit applies if it is lower. */
    durationMaxSec: z.coerce.number().positive().finite().optional(),
  })
  .refine(({ fromSec = 0, toSec = Number.POSITIVE_INFINITY }) => toSec > fromSec, 'toSec must be after fromSec');

type EmbeddingsQuery = z.infer<typeof embeddingsQuery>;

export function embeddingsRoute(options: EmbeddingsRouteOptions) {
  return async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const { place, query, model } = admit(request, options);
    const signal = AbortSignal.any([signalOf(reply, options.requestDeadlineMs, tooLate), options.stopping]);
    const lines = answer({ request, place, query, model, signal }, options);
    // Nothing waits for the signal between two lines, so it is checked here: a disconnected client must not keep a slot.
    signal.addEventListener('abort', () => lines.return().catch(() => {}), { once: true });
    const first = await lines.next();
    if (first.done === true) throw signal.aborted ? signal.reason : new TypeError('Cannot answer: got no info line');
    reply.header('content-type', 'application/x-ndjson').header('cache-control', 'no-store');
    return reply.send(Readable.from(asText(first.value, lines, { signal, log: request.log }), { highWaterMark: 1 }));
  };
}

/** The checks that need no recording. */
function admit(request: FastifyRequest, { models, admission, metrics, acceptsWhileLoading }: EmbeddingsRouteOptions) {
  try {
    const parsed = embeddingsQuery.safeParse(request.query);
    if (!parsed.success) throw new LeitmotifError('bad-request', `Cannot embed: ${z.prettifyError(parsed.error)}`);
    const model = models.get(parsed.data.model);
    if (!model.engine.ready && !(acceptsWhileLoading && models.loading)) {
      const why = model.engine.trouble ?? `The model ${model.manifest.name} is not loaded`;
      throw new LeitmotifError('worker-unavailable', why);
    }
    return { query: parsed.data, model, place: admission.enter() };
  } catch (error) {
    metrics.requests.inc({ outcome: toLeitmotifError(error).code });
    throw error;
  }
}

interface Admitted {
  readonly request: FastifyRequest;
  readonly place: Place;
  readonly query: EmbeddingsQuery;
  readonly model: ServedModel;
  readonly signal: AbortSignal;
}

/** Yields the lines of the answer. Frees the slot and deletes the body, or the link to the recording, in every case. */
async function* answer(admitted: Admitted, options: EmbeddingsRouteOptions): AsyncGenerator<WorkerLine, void> {
  const { request, place, query, model, signal } = admitted;
  const { metrics, tagReader, acceptsPaths } = options;
  const limits = limitsFor(query, options.audioLimits);
  const file = path.join(options.spoolDir, randomUUID());
  let outcome = 'cancelled';
  try {
    const bytes = await takeRecording(request.raw, file, { limits, acceptsPaths, signal });
    const receivedAt = performance.now();
    await place.turn(signal);
    const queuedMs = performance.now() - receivedAt;
    const { fromSec = null, toSec = null } = query;
    const job = { file, model, tagReader, fromSec, toSec, queuedMs, limits, signal, metrics };
    for await (const line of embedRecording(job)) {
      if (line.type === 'done') {
        outcome = 'ok';
        request.log.info({ bytes, chunks: line.chunks, durationSec: line.durationSec, ...line.timingsMs }, 'embedded');
      }
      yield line;
    }
  } catch (thrown) {
    const error = signal.aborted ? signal.reason : thrown;
    outcome = toLeitmotifError(error).code;
    throw error;
  } finally {
    place.leave();
    metrics.requests.inc({ outcome });
    await rm(file, { force: true });
  }
}

function limitsFor({ durationMaxSec }: EmbeddingsQuery, limits: AudioLimits): AudioLimits {
  if (durationMaxSec === undefined) return limits;
  return { ...limits, durationMaxSec: Math.min(durationMaxSec, limits.durationMaxSec) };
}

async function* asText(
  first: WorkerLine,
  rest: AsyncGenerator<WorkerLine, void>,
  { signal, log }: { signal: AbortSignal; log: FastifyBaseLogger },
): AsyncGenerator<string, void> {
  try {
    yield `${JSON.stringify(first)}\n`;
    for await (const line of rest) yield `${JSON.stringify(line)}\n`;
    signal.throwIfAborted();
  } catch (thrown) {
    const error = toLeitmotifError(thrown);
    if (error.code === 'internal') log.error({ err: thrown }, 'failed');
    else log.info({ code: error.code, reason: error.message }, 'refused');
    yield `${JSON.stringify({ type: 'error', code: error.code, message: error.message } satisfies WorkerLine)}\n`;
  }
}

function tooLate(seconds: number): LeitmotifError {
  return new LeitmotifError('audio-timeout', `Cannot embed it within ${seconds} s: gave up`);
}
