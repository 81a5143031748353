/** Violations in a body, and Discord's format of them. */
import type { z } from 'zod';

export interface Violation {
  readonly path: readonly (string | number)[];
  /** Discord's code, for example BASE_TYPE_MAX_LENGTH. */
  readonly code: string;
  readonly message: string;
}

type Issue = z.core.$ZodIssue;

/** Validates a body with a schema and translates the issues into Discord's codes and messages. */
export function violationsOf(schema: z.ZodType, body: unknown): Violation[] {
  const { error } = schema.safeParse(body);
  return (error?.issues ?? []).map((issue) => ({
    path: issue.path.map((key) => (typeof key === 'symbol' ? String(key) : key)),
    ...describe(issue),
  }));
}

/** `components.0.components.1.label: Must be 80 or fewer in length.` */
export function violationText({ path, message }: Violation): string {
  return path.length === 0 ? message : `${path.join('.')}: ${message}`;
}

/** The `errors` of a 50035: nested by path, `_errors` at the leaves.
 *  @see https://discord.com/developers/docs/reference#error-messages */
export function nestViolations(violations: readonly Violation[]): Record<string, unknown> {
  const root: Record<string, unknown> = {};
  for (const { path, code, message } of violations) {
    let node = root;
    for (const key of path) {
      node[key] ??= {};
      node = node[key] as Record<string, unknown>;
    }
    node._errors = [...((node._errors as unknown[] | undefined) ?? []), { code, message }];
  }
  return root;
}

function describe(issue: Issue): Omit<Violation, 'path'> {
  if (issue.code === 'custom') return { code: String(issue.params?.code ?? 'BASE_TYPE_BAD'), message: issue.message };
  if (issue.code === 'invalid_type') {
    return issue.message.endsWith('received undefined')
      ? { code: 'BASE_TYPE_REQUIRED', message: 'This field is required' }
      : {
          code: `${issue.expected.toUpperCase()}_TYPE_CONVERT`,
          message: `Could not interpret value as ${issue.expected}.`,
        };
  }
  if (issue.code === 'too_big' || issue.code === 'too_small') return sizeViolation(issue);
  if (issue.code === 'invalid_value') return choice(issue.values);
  if (issue.code === 'invalid_union' && 'options' in issue) return choice(issue.options as unknown[]);
  return { code: 'BASE_TYPE_BAD', message: issue.message };
}

function choice(values: readonly unknown[]): Omit<Violation, 'path'> {
  return { code: 'BASE_TYPE_CHOICES', message: `Value must be one of (${values.map(String).join(', ')}).` };
}

function sizeViolation(issue: z.core.$ZodIssueTooBig | z.core.$ZodIssueTooSmall): Omit<Violation, 'path'> {
  const bound = issue.code === 'too_big' ? `${issue.maximum} or fewer` : `${issue.minimum} or more`;
  if (issue.origin === 'string' || issue.origin === 'array') {
    const end = issue.code === 'too_big' ? 'MAX' : 'MIN';
    return { code: `BASE_TYPE_${end}_LENGTH`, message: `Must be ${bound} in length.` };
  }
  return issue.code === 'too_big'
    ? { code: 'NUMBER_TYPE_MAX', message: `int value should be less than or equal to ${issue.maximum}.` }
    : { code: 'NUMBER_TYPE_MIN', message: `int value should be greater than or equal to ${issue.minimum}.` };
}
