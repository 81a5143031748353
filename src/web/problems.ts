/** Failures as problem details (RFC 9457), with the project's codes: one table from code to HTTP status.
 *  @see https://www.rfc-editor.org/rfc/rfc9457 */
import { randomBytes } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { type ErrorCode, isRetryable, LeitmotifError, toLeitmotifError } from '../errors.ts';

/** 499 is nginx's status for a client that has gone; no client reads it. */
export const statuses = {
  'audio-empty': 422,
  'audio-unreadable': 422,
  'audio-refused': 422,
  'audio-no-sound': 422,
  'audio-too-short': 422,
  'audio-too-long': 413,
  'audio-too-large': 413,
  'audio-timeout': 422,
  'audio-too-costly': 422,
  'query-timeout': 504,
  'file-unreadable': 404,
  'library-forbidden': 502,
  'library-unavailable': 503,
  'decode-failed': 503,
  'bad-request': 400,
  unauthorized: 401,
  'model-unknown': 500,
  'model-without-text': 422,
  'text-refused': 422,
  'space-mismatch': 503,
  'queue-full': 429,
  cancelled: 499,
  'inference-failed': 503,
  'worker-unavailable': 503,
  'worker-protocol': 502,
  'index-unavailable': 503,
  'index-empty': 503,
  'index-corrupt': 503,
  'catalog-busy': 503,
  'catalog-version': 503,
  'catalog-corrupt': 503,
  'disk-full': 507,
  'permission-denied': 500,
  'index-locked': 409,
  'tool-missing': 500,
  'config-invalid': 500,
  'track-unknown': 404,
  'import-refused': 422,
  'link-refused': 422,
  'link-unreachable': 422,
  'link-too-large': 413,
  'link-too-slow': 422,
  'link-not-audio': 422,
  'download-failed': 502,
  'download-refused': 502,
  'download-corrupt': 502,
  'model-locked': 503,
  'answer-expired': 410,
  'busy-person': 429,
  'busy-server': 429,
  'busy-bot': 429,
  'cooling-down': 429,
  stopping: 503,
  'not-allowed': 403,
  'not-found': 404,
  'discord-permission': 500,
  'discord-unavailable': 503,
  internal: 500,
} as const satisfies Record<ErrorCode, number>;

/** Codes whose messages name files, addresses and settings of this machine. Clients get a reference; the log has the rest. */
const privateCodes: ReadonlySet<ErrorCode> = new Set([
  ...(['library-forbidden', 'library-unavailable', 'file-unreadable', 'model-unknown', 'space-mismatch'] as const),
  ...(['inference-failed', 'worker-unavailable', 'worker-protocol', 'unauthorized'] as const),
  ...(['index-unavailable', 'index-corrupt', 'catalog-busy', 'catalog-version', 'catalog-corrupt'] as const),
  ...(['disk-full', 'permission-denied', 'tool-missing', 'config-invalid', 'internal'] as const),
]);

/** Wait for another try where the failure does not say when. */
const retryAfterSec = 5;

export const problemSchema = z
  .object({
    type: z.string().describe('urn:leitmotif:error: and the code'),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    code: z.string().describe('Stable name of the failure'),
    retryable: z.boolean().describe('Whether the same request may succeed later'),
    facts: z.record(z.string(), z.union([z.string(), z.number()])).describe('Limits, times and names for messages'),
    reference: z.string().optional().describe("Find it in the server's log"),
  })
  .meta({ id: 'Problem' });
export type Problem = z.infer<typeof problemSchema>;

const problemContent = { content: { 'application/problem+json': { schema: problemSchema } } };
/** For the `response` of every route. */
export const problemResponses = {
  '4xx': { description: 'The request was refused', ...problemContent },
  '5xx': { description: 'The server cannot answer now', ...problemContent },
} as const;

/** A refusal whose status is not that of its code. */
export class HttpRefusal extends LeitmotifError {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    status: number,
    code: ErrorCode,
    message: string,
    options: ConstructorParameters<typeof LeitmotifError>[2] & { headers?: Readonly<Record<string, string>> } = {},
  ) {
    super(code, message, options);
    this.status = status;
    this.headers = options.headers ?? {};
  }
}

/** @param reference named in the log; needed for failures whose message is not shown */
export function problemOf(error: LeitmotifError, reference: string): Problem {
  const { code, message, facts } = error;
  const isRefusal = error instanceof HttpRefusal;
  const isPrivate = privateCodes.has(code) && !isRefusal;
  const words = code.replaceAll('-', ' ');
  return {
    type: `urn:leitmotif:error:${code}`,
    title: words.charAt(0).toUpperCase() + words.slice(1),
    status: isRefusal ? error.status : statuses[code],
    detail: isPrivate ? `The server cannot do this. Its log has the details: search it for ${reference}.` : message,
    code,
    retryable: isRetryable(error),
    facts: isPrivate ? {} : { ...facts },
    ...(isPrivate ? { reference } : {}),
  };
}

export function newReference(): string {
  return randomBytes(5).toString('hex');
}

/** Seconds until another try; null where waiting does not help. */
export function retryAfter(error: LeitmotifError, nowMs: number): number | null {
  const { retryAtMs } = error.facts;
  if (typeof retryAtMs === 'number') return Math.max(1, Math.ceil((retryAtMs - nowMs) / 1000));
  const { status } = problemOf(error, '');
  return isRetryable(error) && (status === 429 || status === 503 || status === 409) ? retryAfterSec : null;
}

export function sendProblem(thrown: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const error = asKnown(thrown);
  const reference = newReference();
  const problem = problemOf(error, reference);
  const details = error.code === 'internal' ? { err: thrown } : { why: error.message };
  const level = error.code === 'internal' ? 'error' : problem.status >= 500 ? 'warn' : 'info';
  request.log[level]({ reference, code: error.code, status: problem.status, ...details }, 'a request failed');
  const afterSec = retryAfter(error, Date.now());
  if (afterSec !== null) reply.header('retry-after', String(afterSec));
  if (problem.status === 401) reply.header('www-authenticate', 'Bearer realm="leitmotif"');
  if (error instanceof HttpRefusal) reply.headers(error.headers);
  return reply
    .code(problem.status)
    .header('cache-control', 'no-store')
    .type('application/problem+json')
    .send(JSON.stringify(problem));
}

/** Refusals of the framework carry a 4xx status. */
function asKnown(thrown: unknown): LeitmotifError {
  if (hasZodFastifySchemaValidationErrors(thrown)) {
    const why = thrown.validation.map(({ instancePath, message }) => `${instancePath || 'it'}: ${message}`).join('; ');
    const message = `Cannot read the ${thrown.validationContext ?? 'request'}: ${why}`;
    return new LeitmotifError('bad-request', message.slice(0, 1000), { cause: thrown });
  }
  if (thrown instanceof LeitmotifError) return thrown;
  const status = thrown instanceof Error && 'statusCode' in thrown ? Number(thrown.statusCode) : 500;
  if (!(thrown instanceof Error) || !(status >= 400 && status < 500)) return toLeitmotifError(thrown);
  const code = status === 413 ? 'audio-too-large' : status === 429 ? 'cooling-down' : 'bad-request';
  return new HttpRefusal(status, code, thrown.message, { cause: thrown });
}
