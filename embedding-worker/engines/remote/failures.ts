/** What can go wrong with a remote engine, in words for whoever runs it, and whether asking again can help. */
import { type ErrorCode, LeitmotifError } from '../../../src/errors.ts';

export interface RemoteFailureOptions {
  readonly cause?: unknown;
  /** Inference changes nothing, so a request may always be sent again; this says whether that may help. */
  readonly repeatable: boolean;
  /** Counts towards the circuit breaker: the other side is away, overloaded or broken, whoever asks. */
  readonly outage: boolean;
  /** The HTTP status it answered with; null: it gave no whole answer. */
  readonly status: number | null;
  /** What its Retry-After asks for. */
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

/** Error codes of TLS: no number of attempts makes a certificate trustworthy. */
const distrust = /CERT|SELF_SIGNED|UNABLE_TO_|ERR_TLS|EPROTO|ERR_SSL/;

/** The connection could not be made, or broke before the answer was whole. */
export function connectionFailure(where: string, cause: unknown): RemoteFailure {
  const root = cause instanceof AggregateError ? cause.errors[0] : cause;
  const why = root instanceof Error && root.message !== '' ? root.message : String(root);
  const code = root instanceof Error && 'code' in root ? String(root.code) : '';
  return distrust.test(code)
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

/** We hung up ourselves. */
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

/** It answered, and the answer cannot be used: a bug or another version there. Asking again gives the same. */
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
  // Redirects are not followed: the token would go along, and nobody redirects inference.
  if (status < 400) return { ...refused, words: 'it sends elsewhere' };
  if (status < 500) {
    return { code: 'inference-failed', words: 'it refuses the request', repeatable: false, outage: false };
  }
  return { code: 'inference-failed', words: 'it failed', repeatable: false, outage: true };
}

/** What the other side says: `{"error": "..."}` (Open Inference Protocol), `{"error_code", "message"}` (Databricks),
 *  `{"detail"}` (FastAPI), or plain text. At most 300 characters on one line.
 *  @returns null when it says nothing */
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
