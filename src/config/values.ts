/** Reads and validates variables; reports every bad one at once. */
import type { z } from 'zod';
import { LeitmotifError } from '../errors.ts';
import { namesValue } from './schemas.ts';
import { withoutSecrets } from './urls.ts';
import { type Values, variables } from './variables.ts';

/** @throws {LeitmotifError} config-invalid, naming every bad variable */
export function readEnvironment(environment: Readonly<Record<string, string | undefined>>): Values {
  const values: Record<string, unknown> = {};
  const problems: string[] = [];
  for (const [name, { schema, default: fallback }] of Object.entries(variables)) {
    const given = environment[name]?.trim();
    const result = schema.safeParse(given === undefined || given === '' ? fallback : given);
    if (result.success) values[name] = result.data;
    else problems.push(`${name}: ${problemOf(result.error.issues, given ?? '')}`);
  }
  if (problems.length > 0) throw invalid(problems);
  return values as Values;
}

function problemOf(issues: readonly z.core.$ZodIssue[], given: string): string {
  const messages = issues.map(({ message }) => message).join('; ');
  const isNamed = issues.some((issue) => issue.code === 'custom' && issue.params?.[namesValue] === true);
  return isNamed ? messages : `${messages}, got "${withoutSecrets(given)}"`;
}

export function invalid(problems: readonly string[]): LeitmotifError {
  const message = `Cannot start: ${problems.join('\n  ')}\nSee .env.example for each variable.`;
  return new LeitmotifError('config-invalid', message);
}
