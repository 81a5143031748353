/** `POST /v1/text-embeddings`: texts in, vectors of the model's space out, in one answer. It has its own queue, so that texts do
 *  not wait behind recordings, and runs one request at a time. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { encodeArray } from '../src/embedding/packed-arrays.ts';
import { type TextEmbeddingsAnswer, textEmbeddingsRequest } from '../src/embedding/wire-format.ts';
import { LeitmotifError, toLeitmotifError } from '../src/errors.ts';
import type { Admission } from './admission.ts';
import type { Metrics } from './metrics.ts';
import { signalOf } from './request-signal.ts';
import type { ServedModels } from './serving.ts';
import type { TextProcess } from './text/text-process.ts';
import type { TextSides } from './text/text-sides.ts';

export interface TextEmbeddingsRouteOptions {
  readonly models: ServedModels;
  readonly textSides: TextSides;
  readonly textAdmission: Admission;
  readonly metrics: Metrics;
  /** Waiting, loading the text side and all texts together. */
  readonly textDeadlineMs: number;
  /** Aborted when the worker stops. */
  readonly stopping: AbortSignal;
}

export function textEmbeddingsRoute(options: TextEmbeddingsRouteOptions) {
  const { models, textSides, textAdmission, metrics, textDeadlineMs, stopping } = options;
  const answer = async (body: unknown, signal: AbortSignal): Promise<TextEmbeddingsAnswer> => {
    const { model: name, texts } = parsedBody(body);
    const model = models.get(name);
    const side = await textSides.of(model);
    const place = textAdmission.enter();
    try {
      await place.turn(signal);
      const vectors: string[] = [];
      for (const [nth, text] of texts.entries()) {
        const { vector, computeMs } = await embedNth(side, text, { nth, of: texts.length, signal });
        metrics.texts.inc();
        metrics.textSeconds.observe(computeMs / 1000);
        vectors.push(encodeArray(vector));
      }
      const { manifest, spaceId } = model;
      return { model: manifest.name, spaceId, dimensions: manifest.dimensions, vectors };
    } finally {
      place.leave();
    }
  };
  return async (request: FastifyRequest, reply: FastifyReply): Promise<TextEmbeddingsAnswer> => {
    const signal = AbortSignal.any([signalOf(reply, textDeadlineMs, tooLate), stopping]);
    try {
      const answered = await answer(request.body, signal);
      metrics.textRequests.inc({ outcome: 'ok' });
      return answered;
    } catch (thrown) {
      const error = signal.aborted ? signal.reason : thrown;
      metrics.textRequests.inc({ outcome: toLeitmotifError(error).code });
      throw error;
    }
  };
}

/** @param body the raw body, a string @throws {LeitmotifError} bad-request, naming the fault and its position */
function parsedBody(body: unknown) {
  let json: unknown;
  try {
    json = JSON.parse(String(body));
  } catch (error) {
    const example = '{"texts": ["a slow waltz for strings"]}';
    throw new LeitmotifError('bad-request', `Cannot read the request: expected JSON such as ${example}`, {
      cause: error,
    });
  }
  const parsed = textEmbeddingsRequest.safeParse(json);
  if (parsed.success) return parsed.data;
  throw new LeitmotifError('bad-request', `Cannot read the request: ${z.prettifyError(parsed.error)}`);
}

async function embedNth(
  side: TextProcess,
  text: string,
  { nth, of, signal }: { nth: number; of: number; signal: AbortSignal },
) {
  try {
    return await side.embed(text, signal);
  } catch (error) {
    if (of === 1 || !(error instanceof LeitmotifError) || error.code !== 'text-refused') throw error;
    throw new LeitmotifError(error.code, `${error.message} (text ${nth + 1} of ${of})`, { cause: error });
  }
}

function tooLate(seconds: number): LeitmotifError {
  return new LeitmotifError('worker-unavailable', `Cannot embed the texts within ${seconds} s: gave up`);
}
