/** Maps Azure's errors to LeitmotifErrors with advice. Messages never contain a signature: the SDK's errors include the
 *  request URL, so they are not used as a cause. */
import { LeitmotifError } from '../../errors.ts';
import { isSignInError, isSignInOutage, signInWords } from './sign-in-errors.ts';

export interface AzureOperation {
  /** The operation, as in "Cannot <list azure://...>". */
  readonly action: string;
  /** The variable with the credential. */
  readonly access: string;
  /** Expiry of the credential; milliseconds since 1970. */
  readonly expiresAtMs: number | null;
}

/** The used fields of the SDK's RestError and of socket errors. */
interface Refusal {
  readonly statusCode?: number;
  readonly code?: string;
  readonly name?: string;
  readonly message?: string;
  readonly details?: { readonly errorCode?: string };
  readonly response?: { readonly headers?: { get(name: string): string | undefined } };
}

const passing: ReadonlySet<number> = new Set([408, 429, 500, 502, 503, 504]);
const retryAfterMaxMs = 60_000;

/** Whether a retry may succeed: the service is busy, or the connection was lost. */
export function isTemporary(error: unknown): boolean {
  const { statusCode = 0 } = error as Refusal;
  if (error instanceof LeitmotifError || error instanceof TypeError || error instanceof RangeError) return false;
  if (isSignInError(error)) return isSignInOutage(error);
  return isCutOff(statusCode) || passing.has(statusCode);
}

/** No response, or an incomplete successful one. */
function isCutOff(statusCode: number): boolean {
  return statusCode < 400;
}

/** The service's Retry-After, at most a minute; null without one. */
export function retryAfterMs(error: unknown): number | null {
  const headers = (error as Refusal).response?.headers;
  const headerMs = headers?.get('x-ms-retry-after-ms') ?? headers?.get('retry-after-ms');
  const sec = headers?.get('retry-after');
  const ms = headerMs === undefined ? Number(sec ?? Number.NaN) * 1000 : Number(headerMs);
  if (Number.isFinite(ms) && ms >= 0) return Math.min(ms, retryAfterMaxMs);
  const atMs = Date.parse(sec ?? '');
  return Number.isFinite(atMs) ? Math.min(Math.max(atMs - Date.now(), 0), retryAfterMaxMs) : null;
}

export function isMissing(error: unknown): boolean {
  return (error as Refusal).statusCode === 404 && errorCodeOf(error as Refusal) !== 'ContainerNotFound';
}

export function toLibraryError(error: unknown, operation: AzureOperation): LeitmotifError {
  if (error instanceof LeitmotifError) return error;
  const refusal = error as Refusal;
  const status = refusal.statusCode ?? 0;
  const code = errorCodeOf(refusal);
  const cause = new Error(redact(`${refusal.name}: ${refusal.message}`));
  const fail = (kind: LeitmotifError['code'], why: string) =>
    new LeitmotifError(kind, `Cannot ${operation.action}: ${why}`, { cause });
  if (isSignInError(error)) {
    const kind = isSignInOutage(error) ? 'library-unavailable' : 'library-forbidden';
    const theirs = firstLine(refusal.message);
    return fail(kind, `signing in failed (${signInWords(error, operation.access)})${theirs && `: ${theirs}`}`);
  }
  if (isCutOff(status)) return fail('library-unavailable', `the service cannot be reached: ${netWords(refusal)}`);
  if (status === 401 || status === 403) return fail('library-forbidden', forbidden(code, operation));
  if (status === 404) {
    return fail(
      'file-unreadable',
      code === 'ContainerNotFound' ? 'there is no such container' : 'it is not there any more',
    );
  }
  if (status === 412) return fail('file-unreadable', 'it was replaced or deleted meanwhile');
  if (passing.has(status)) {
    return fail('library-unavailable', `the service answers ${status}${code && ` (${code})`} again and again`);
  }
  return fail('file-unreadable', `the service refuses it: ${status}${code && ` (${code})`}`);
}

function forbidden(code: string, { access, expiresAtMs }: AzureOperation): string {
  if (expiresAtMs !== null && expiresAtMs < Date.now()) {
    return `${access} expired at ${new Date(expiresAtMs).toISOString()}; it needs a new one`;
  }
  if (code === 'AuthorizationPermissionMismatch' || code === 'AuthorizationResourceTypeMismatch') {
    return `${access} does not allow this; it needs to read and to list (clips: also to create, write and delete)`;
  }
  if (code === 'AuthorizationFailure') {
    return `${access} is not accepted or does not allow this, or the account's network rules keep this machine out`;
  }
  return `${access} is not accepted${code && ` (${code})`}; is it this account's, and still valid?`;
}

function errorCodeOf({ code, details }: Refusal): string {
  return code ?? details?.errorCode ?? '';
}

function netWords({ code, name, message }: Refusal): string {
  if (name === 'AbortError' || name === 'TimeoutError') return 'it does not answer in time';
  if (code === 'PARSE_ERROR') return 'its answer was cut off';
  return redact(`${code === undefined || code === 'REQUEST_SEND_ERROR' ? '' : `${code}, `}${firstLine(message)}`);
}

function firstLine(message = ''): string {
  return redact(message.split('\n')[0] ?? '').slice(0, 300);
}

function redact(text: string): string {
  return text
    .replace(/([?&](?:sig|skoid|sktid)=)[^&\s"]*/gi, '$1...')
    .replace(/((?:AccountKey|SharedAccessSignature)=)[^;\s]*/gi, '$1...');
}
