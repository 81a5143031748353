/** Failures of a remote engine, with a message for the operator, and whether a retry can help. */
import { type ErrorCode, LeitmotifError } from '../../../src/errors.ts';

export interface RemoteFailureOptions {
  readonly cause?: unknown;
  /** Whether a retry may help. Inference changes no state, so a request may always be repeated. */
  readonly repeatable: boolean;
  /** Counts for the circuit breaker: the server is unreachable, overloaded or broken for all callers. */
  readonly outage: boolean;
  /** The HTTP status; null without a complete answer. */
  readonly status: number | null;
  /** From the Retry-After header. */
  readonly retryAfterMs?: number | null;
}

export class RemoteFailure extends LeitmotifError {
  readonly repeatable: boolean;
  readonly outage: boolean;
  readonly status: number | null;
  readonly retryAfterMs: number | null;

  constructor(code: ErrorCode, message: string, options: RemoteFailureOptions) {
    super(code, message, { cause: options.cause });
    this.repeatable = options.repeatable;
    this.outage = options.outage;
    this.status = options.status;
    this.retryAfterMs = options.retryAfterMs ?? null;
  }
}

/** Error codes of TLS: retries do not make a certificate valid. */
const certificateErrors = /CERT|SELF_SIGNED|UNABLE_TO_|ERR_TLS|EPROTO|ERR_SSL/;

/** The connection failed, or broke before the answer was complete. */
export function connectionFailure(where: string, cause: unknown): RemoteFailure {
  const root = cause instanceof AggregateError ? cause.errors[0] : cause;
  const why = root instanceof Error && root.message !== '' ? root.message : String(root);
  const code = root instanceof Error && 'code' in root ? String(root.code) : '';
  return certificateErrors.test(code)
    ? new RemoteFailure('config-invalid', `Cannot reach ${where}: no trust over TLS (${why})`, {
        cause,
        repeatable: false,
        outage: true,
        status: null,
      })
    : new RemoteFailure('worker-unavailable', `Cannot reach ${where}: ${why}`, {
        cause,
        repeatable: true,
        outage: true,
        status: null,
      });
}

/** This side closed the connection. */
export function closedFailure(where: string, cause: unknown): RemoteFailure {
  return new RemoteFailure('worker-unavailable', `Cannot reach ${where}: the worker is stopping`, {
    cause,
    repeatable: false,
    outage: false,
    status: null,
  });
}

export function timeoutFailure(where: string, deadlineMs: number): RemoteFailure {
  const seconds = Math.max(0.1, Math.round(deadlineMs / 100) / 10);
  return new RemoteFailure('worker-unavailable', `Cannot infer: ${where} gave no answer within ${seconds} s`, {
    repeatable: true,
    outage: true,
    status: null,
  });
}

/** The answer is invalid: a fault or another version of the server. A retry gives the same. */
export function answerFailure(where: string, why: string, cause?: unknown): RemoteFailure {
  return new RemoteFailure('inference-failed', `Cannot use the answer of ${where}: ${why}`, {
    cause,
    repeatable: false,
    outage: false,
    status: 200,
  });
}

interface StatusMeaning {
  readonly code: ErrorCode;
  readonly words: string;
  readonly repeatable: boolean;
  readonly outage: boolean;
}

const [busy, refused] = [
  { code: 'worker-unavailable', repeatable: true, outage: true },
  { code: 'config-invalid', repeatable: false, outage: false },
] as const;

const statusMeanings: Readonly<Record<number, StatusMeaning>> = {
  400: { code: 'inference-failed', words: 'it takes the request for wrong', repeatable: false, outage: false },
  401: { ...refused, words: 'it does not accept the token' },
  403: { ...refused, words: 'the token does not permit this' },
  404: { ...refused, words: 'there is no such model or endpoint' },
  408: { code: 'inference-failed', words: 'it gave up waiting for its model', repeatable: false, outage: true },
  413: { code: 'inference-failed', words: 'the request is too large for it', repeatable: false, outage: false },
  429: { ...busy, words: 'too much is asked of it' },
  502: { ...busy, words: 'something before it cannot reach it' },
  503: { ...busy, words: 'it is not ready' },
  504: { ...busy, words: 'it did not answer in time' },
};

/** An answer that is not 200.
 *  @param now Unix time, milliseconds, for a Retry-After that names a date */
export function statusFailure(
  where: string,
  answer: { status: number; headers: Readonly<Record<string, string>>; body: Buffer },
  now = Date.now(),
): RemoteFailure {
  const { status, headers, body } = answer;
  const meaning = statusMeanings[status] ?? otherStatus(status);
  const theirs = wordsOf(body) ?? (status >= 300 && status < 400 ? `to ${headers.location ?? 'nowhere'}` : null);
  const message = `Cannot infer with ${where}: got status ${status}, ${meaning.words}${theirs ? ` (${theirs})` : ''}`;
  return new RemoteFailure(meaning.code, message, {
    repeatable: meaning.repeatable,
    outage: meaning.outage,
    status,
    retryAfterMs: retryAfterMsOf(headers['retry-after'], now),
  });
}

function otherStatus(status: number): StatusMeaning {
  // Redirects are not followed: the token would be sent along, and inference is not redirected in practice.
  if (status < 400) return { ...refused, words: 'it sends elsewhere' };
  if (status < 500) {
    return { code: 'inference-failed', words: 'it refuses the request', repeatable: false, outage: false };
  }
  return { code: 'inference-failed', words: 'it failed', repeatable: false, outage: true };
}

/** The server's own message: `{"error": "..."}` (Open Inference Protocol), `{"error_code", "message"}` (Databricks),
 *  `{"detail"}` (FastAPI), or plain text. At most 300 characters on one line.
 *  @returns null if there is none */
export function wordsOf(body: Buffer): string | null {
  const text = body.subarray(0, 10_000).toString('utf8').trim();
  const spoken = fromJson(text) ?? (text.startsWith('<') || text.startsWith('{') ? '' : text);
  const line = spoken.replaceAll(/[\p{Cc}\s]+/gu, ' ').trim();
  if (line === '') return null;
  return line.length > 300 ? `${line.slice(0, 299)}…` : line;
}

function fromJson(text: string): string | null {
  try {
    const json: unknown = JSON.parse(text);
    if (typeof json !== 'object' || json === null) return null;
    for (const key of ['message', 'error', 'detail', 'error_description']) {
      const value = (json as Record<string, unknown>)[key];
      if (typeof value === 'string') return value;
    }
    return null;
  } catch {
    return null;
  }
}

/** Seconds, or a date (RFC 9110, 10.2.3). @returns null when it is neither */
function retryAfterMsOf(header: string | undefined, now: number): number | null {
  if (header === undefined) return null;
  const seconds = Number(header);
  if (Number.isFinite(seconds) && seconds >= 0) return seconds * 1000;
  const at = Date.parse(header);
  return Number.isNaN(at) ? null : Math.max(0, at - now);
}
