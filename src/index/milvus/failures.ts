/** Failures of a Milvus server as errors for the operator. */
import { type ErrorCode, LeitmotifError } from '../../errors.ts';

export class MilvusFailure extends LeitmotifError {
  /** The same request may succeed in a moment. */
  readonly isRepeatable: boolean;
  /** The server did not answer, so that it counts for the circuit breaker. */
  readonly isOutage: boolean;

  constructor(
    code: ErrorCode,
    message: string,
    { cause, isRepeatable = false, isOutage = false }: { cause?: unknown; isRepeatable?: boolean; isOutage?: boolean },
  ) {
    super(code, message, { cause });
    this.isRepeatable = isRepeatable;
    this.isOutage = isOutage;
  }
}

/** @see https://grpc.io/docs/guides/status-codes/ */
const grpc = { deadlineExceeded: 4, permissionDenied: 7, resourceExhausted: 8, unavailable: 14, unauthenticated: 16 };

const fix = 'The catalog has all data: `npm run index` builds the index again.';

interface Told {
  readonly code?: unknown;
  readonly reason?: unknown;
  readonly detail?: unknown;
  readonly details?: unknown;
  readonly message?: unknown;
}

/** @param told a status with a reason, or an error of gRPC or of the client
 *  @param doing continues "Cannot ", such as "search in COLLECTION" */
export function failureOf(told: unknown, doing: string, address: string): MilvusFailure {
  if (told instanceof MilvusFailure) return told;
  const { code, reason, detail, details, message } = (told ?? {}) as Told;
  const why = oneLine([reason, details, message, detail].find((text) => typeof text === 'string' && text !== '') ?? '');
  const where = `Milvus at ${address}`;
  if (/unauthenticated|auth check failure|invalid (token|user|username)/i.test(why) || code === grpc.unauthenticated) {
    const text = `Cannot ${doing}: ${where} refuses the sign-in (${why}). Check MILVUS_USER and MILVUS_PASSWORD, or MILVUS_TOKEN`;
    return new MilvusFailure('config-invalid', text, { cause: told });
  }
  if (code === grpc.permissionDenied || /permission deny|PrivilegeNotPermitted/i.test(why)) {
    const text = `Cannot ${doing}: ${where} does not let this user do it (${why})`;
    return new MilvusFailure('permission-denied', text, { cause: told });
  }
  if (/database not found|database .*not exist/i.test(why)) {
    const text = `Cannot ${doing}: ${where} has no such database (${why}). Create it, or change MILVUS_DATABASE`;
    return new MilvusFailure('config-invalid', text, { cause: told });
  }
  if (
    /(disk|memory|storage) quota|quota exhausted|no space left|out of memory|memory limit|not enough (disk|memory)|insufficient (disk|memory)/i.test(
      why,
    )
  ) {
    const text = `Cannot ${doing}: ${where} has no room left (${why}). Give it more disk or memory, or drop collections that nobody needs`;
    return new MilvusFailure('disk-full', text, { cause: told });
  }
  if (isMissing(why)) {
    const text = `Cannot ${doing}: ${where} does not have the collection any more. ${fix}`;
    return new MilvusFailure('index-corrupt', text, { cause: told });
  }
  if (/dimension/i.test(why) && /match|wrong|dim/i.test(why)) {
    return new MilvusFailure('index-corrupt', `Cannot ${doing}: ${where}: ${why}. ${fix}`, { cause: told });
  }
  // A repetition would not find it either.
  if (/alias/i.test(why)) {
    return new MilvusFailure('index-unavailable', `Cannot ${doing}: ${where} failed: ${why}`, { cause: told });
  }
  const isLate = code === grpc.deadlineExceeded;
  const isOutage = code === grpc.unavailable || isLate || (code === grpc.resourceExhausted && /ping/i.test(why));
  const text = `Cannot ${doing}: ${where} ${isOutage ? 'does not answer' : 'failed'}${why === '' ? '' : `: ${why}`}`;
  return new MilvusFailure('index-unavailable', text, { cause: told, isRepeatable: true, isOutage });
}

function isMissing(why: string): boolean {
  return /can'?t find collection|collection not found|collection .*(?:not exist|does not exist)|collection.*not found/i.test(
    why,
  );
}

export function corruptCollection(collection: string, why: string): MilvusFailure {
  return new MilvusFailure('index-corrupt', `Cannot use the index: collection ${collection}: ${why}. ${fix}`, {});
}

const reasonLengthMax = 300;

function oneLine(text: unknown): string {
  return String(text).replace(/\s+/g, ' ').trim().slice(0, reasonLengthMax);
}
