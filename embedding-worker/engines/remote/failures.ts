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

/** The server runs, and does not offer the model now: it loads it, or unloaded it. */
export function notReadyFailure(where: string, cause: RemoteFailure): RemoteFailure {
  const { message, status } = cause;
  return new RemoteFailure('worker-unavailable', `${where} is not ready (status ${status}): ${message}`, {
    cause,
    repeatable: true,
    outage: true,
    status,
  });
}

/** What an operator checks when an engine does not start, by what the server did. */
export interface StartHints {
  /** No answer, one from elsewhere, or 404 */
  readonly address: string;
  /** 401 and 403 */
  readonly refused: string;
  /** 400 and 422 */
  readonly rejected: string;
}

/** A failure of the start, with the variable or the command that helps. */
export function startFailure(error: unknown, hints: StartHints): unknown {
  if (!(error instanceof RemoteFailure)) return error;
  const { code, message, status } = error;
  const hint = hintOf(status, hints);
  return hint === null ? error : new RemoteFailure(code, `${message}; ${hint}`, { ...error, cause: error });
}

function hintOf(status: number | null, { address, refused, rejected }: StartHints): string | null {
  if (status === null || (status >= 300 && status < 400)) return address;
  const hints: Readonly<Record<number, string>> = {
    400: rejected,
    401: refused,
    403: refused,
    404: address,
    422: rejected,
  };
  return hints[status] ?? null;
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

/** Characters of a server's message: its beginning and its end. MLflow puts the request's data in between, and the reason last. */
const [headChars, tailChars] = [120, 180];

/** The server's own message: `{"error": "..."}` (Open Inference Protocol), `{"error_code", "message"}` (Databricks, MLflow),
 *  `{"detail"}` (FastAPI: a text, or a list of `{"loc", "msg"}`), or plain text. At most 301 characters on one line.
 *  @returns null if there is none */
export function wordsOf(body: Buffer): string | null {
  const text = body.toString('utf8').trim();
  const spoken = fromJson(text) ?? (text.startsWith('<') || text.startsWith('{') ? '' : text);
  const line = spoken.replaceAll(/[\p{Cc}\s]+/gu, ' ').trim();
  if (line === '') return null;
  return line.length > headChars + tailChars ? `${line.slice(0, headChars)}…${line.slice(-tailChars)}` : line;
}

function fromJson(text: string): string | null {
  try {
    const json: unknown = JSON.parse(text);
    if (typeof json !== 'object' || json === null) return null;
    const { detail, ...rest } = json as Record<string, unknown>;
    if (Array.isArray(detail)) return detail.map(complaintOf).join('; ');
    const words = [rest.message, rest.error, detail, rest.error_description];
    return words.find((word) => typeof word === 'string') ?? null;
  } catch {
    return null;
  }
}

/** One entry of FastAPI's list: where in the request, and what is wrong there. */
function complaintOf(entry: unknown): string {
  const { loc, msg } = (entry ?? {}) as { loc?: unknown; msg?: unknown };
  return `${Array.isArray(loc) ? `${loc.join('.')}: ` : ''}${String(msg)}`;
}

/** Seconds, or a date (RFC 9110, 10.2.3). @returns null when it is neither */
function retryAfterMsOf(header: string | undefined, now: number): number | null {
  if (header === undefined) return null;
  const seconds = Number(header);
  if (Number.isFinite(seconds) && seconds >= 0) return seconds * 1000;
  const at = Date.parse(header);
  return Number.isNaN(at) ? null : Math.max(0, at - now);
}
