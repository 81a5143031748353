/** A failure as one clear sentence and a reference to the log. Pure. */
import type { ErrorCode, ErrorFacts } from '../../errors.ts';
import type { Reply } from '../reply.ts';
import { numberOf } from '../texts/failure-facts.ts';
import type { Texts } from '../texts/texts.ts';
import { escaped } from './names.ts';

/** Maximum length of foreign text (a host, a typed time) in a sentence. */
const factLengthMax = 100;

export interface FailureView {
  readonly code: ErrorCode;
  readonly facts: ErrorFacts;
  /** Short; the log has it next to the details. */
  readonly reference: string;
  /** Whether the same query can succeed later. */
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

/** Statuses of a web server for which a retry is useless.
 *  @see https://www.rfc-editor.org/rfc/rfc9110#section-15.5 */
function isFinal(facts: ErrorFacts): boolean {
  const status = numberOf(facts, 'status');
  return status !== null && status >= 400 && status < 500 && status !== 408 && status !== 429;
}

/** The name of a permission in the user's language; without a translation, discord.js's name. */
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
