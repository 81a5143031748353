/** What could not be done, as one clear sentence and a reference that stands in the log. Pure. */
import type { ErrorCode, ErrorFacts } from '../../errors.ts';
import type { Reply } from '../reply.ts';
import { numberOf } from '../texts/failure-facts.ts';
import type { Texts } from '../texts/texts.ts';
import { escaped } from './names.ts';

/** Of what others wrote (a host, a typed time) there is room for this much in a sentence. */
const factLengthMax = 100;

export interface FailureView {
  readonly code: ErrorCode;
  readonly facts: ErrorFacts;
  /** Short; it stands in the log beside the details. */
  readonly reference: string;
  /** Whether the same may succeed later, unchanged. */
  readonly retryable: boolean;
}

export function failureReply(texts: Texts, { code, facts, reference, retryable }: FailureView): Reply {
  const sentence = texts.query.failure[code](safeFacts(texts, facts));
  const retryAtMs = numberOf(facts, 'retryAtMs');
  // Discord shows <t:...:R> as "in 20 seconds", in the reader's language, and counts it down.
  const retryAt = retryAtMs === null ? null : `<t:${Math.ceil(retryAtMs / 1000)}:R>`;
  const next = retryable && !isFinal(facts) ? ` ${texts.query.again(retryAt)}` : '';
  return { content: `${sentence}${next}\n-# ${texts.query.reference(escaped(reference, factLengthMax))}` };
}

/** What a web server answers when asking again is in vain.
 *  @see https://www.rfc-editor.org/rfc/rfc9110#section-15.5 */
function isFinal(facts: ErrorFacts): boolean {
  const status = numberOf(facts, 'status');
  return status !== null && status >= 400 && status < 500 && status !== 408 && status !== 429;
}

/** The name of a right in the reader's language; one that we have no name for stays as Discord's libraries write it. */
function permissionName(texts: Texts, permission: string): string {
  const names: Readonly<Record<string, string>> = texts.query.permissions;
  return Object.hasOwn(names, permission) ? (names[permission] ?? permission) : permission;
}

function safeFacts(texts: Texts, facts: ErrorFacts): ErrorFacts {
  const safe = Object.entries(facts).map(([key, value]) => {
    if (typeof value !== 'string') return [key, value] as const;
    const shown = key === 'permission' ? permissionName(texts, value) : value;
    return [key, escaped(shown, factLengthMax)] as const;
  });
  return Object.fromEntries(safe);
}
