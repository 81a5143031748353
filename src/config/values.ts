/** Reads and validates variables; reports every bad one at once. */
import { LeitmotifError } from '../errors.ts';
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
    else problems.push(`${name}: ${withGot(result.error.issues.map(({ message }) => message).join('; '), given)}`);
  }
  if (problems.length > 0) throw invalid(problems);
  return values as Values;
}

/** A parser of several values has already named the one that it refuses. */
function withGot(problem: string, given: string | undefined): string {
  return problem.includes(', got "') ? problem : `${problem}, got "${withoutSecrets(given ?? '')}"`;
}

export function invalid(problems: readonly string[]): LeitmotifError {
  const message = `Cannot start: ${problems.join('\n  ')}\nSee .env.example for each variable.`;
  return new LeitmotifError('config-invalid', message);
}
