/** Reads and validates variables; reports every bad one at once. */
import { LeitmotifError } from '../errors.ts';
import { type Values, variables } from './variables.ts';

/** @throws {LeitmotifError} config-invalid, naming every bad variable */
export function readEnvironment(environment: Readonly<Record<string, string | undefined>>): Values {
  const values: Record<string, unknown> = {};
  const problems: string[] = [];
  for (const [name, { schema, default: fallback }] of Object.entries(variables)) {
    const given = environment[name]?.trim();
    const result = schema.safeParse(given === undefined || given === '' ? fallback : given);
    if (result.success) values[name] = result.data;
    else
      problems.push(`${name}: ${result.error.issues.map((issue) => issue.message).join('; ')}, got "${shown(given)}"`);
  }
  if (problems.length > 0) throw invalid(problems);
  return values as Values;
}

/** Hides the query part of an address, which may be a signature, and its user and password. */
function shown(given: string | undefined): string {
  return (given ?? '').replace(/\?.*$/s, '?...').replace(/\/\/[^@/]*@/g, '//...@');
}

export function invalid(problems: readonly string[]): LeitmotifError {
  const message = `Cannot start: ${problems.join('\n  ')}\nSee .env.example for each variable.`;
  return new LeitmotifError('config-invalid', message);
}
