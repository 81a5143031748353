/** Generates docs/configuration.md: every variable of the configuration schema, grouped by subject. */
import { z } from 'zod';
import type { variables } from '../src/config/variables.ts';

/** The parts of a variable that the page shows. */
type DocumentedVariable = Pick<(typeof variables)[keyof typeof variables], 'schema' | 'default' | 'unit' | 'why'>;

interface Section {
  readonly title: string;
  /** Matches the names of its variables; the first matching section wins. */
  readonly names: RegExp;
}

const sections: readonly Section[] = [
  { title: 'Discord', names: /^DISCORD_/ },
  { title: 'Web API', names: /^WEB_/ },
  { title: 'Queries of the bot', names: /^(QUER|FETCH_)/ },
  { title: 'Library and index', names: /^(LIBRARY|CLIPS|INDEX|SPOOL|INDEXING)/ },
  { title: 'Ranking', names: /^(WINDOW|NEIGHBOURS|FUSION|HUB_CORRECTION|INCLUDE_NON_MUSIC|CALIBRATION)/ },
  { title: 'Model and device', names: /^(EMBEDDING_(MODEL|DEVICE|ENGINE)|MODELS_|HF_|HTTPS_PROXY|NO_PROXY)/ },
  { title: 'Inference servers', names: /^(OPEN_INFERENCE|DATABRICKS|REMOTE)_/ },
  { title: 'Embedding worker', names: /^(EMBEDDING_WORKER|WORKER|INFERENCE)_/ },
  { title: 'Limits for recordings', names: /^AUDIO_/ },
  { title: 'Azure Blob Storage', names: /^AZURE_/ },
  { title: 'Retention and backups', names: /(_KEPT_DAYS|_KEPT|^TIDY_CRON|^BACKUPS)$/ },
  { title: 'Logs and metrics', names: /^(LOG|METRICS)_/ },
  { title: 'Other', names: /^/ },
];

const head = `# Configuration

<!-- Written by \`npm run env:example\` from the schema in src/config. Edit the schema, not this page. -->

Set environment variables, or copy [\`.env.example\`](../.env.example) to \`.env\` and edit the lines you need. The environment
wins over \`.env\`, and an empty value counts as unset. Every variable is checked at start; all invalid ones are reported at once.
Tokens, keys and secrets are removed from the environment that child processes inherit.
`;

/** @param all name -> variable, in the order of the schema
 *  @returns Markdown, one table for each section that has variables */
export function configurationDoc(all: Readonly<Record<string, DocumentedVariable>>): string {
  const rest = new Map(Object.entries(all));
  const parts = sections.map(({ title, names }) => {
    const own = [...rest].filter(([name]) => names.test(name));
    for (const [name] of own) rest.delete(name);
    return own.length === 0 ? '' : `\n## ${title}\n\n${table(own)}`;
  });
  return `${head}${parts.join('')}`;
}

function table(rows: readonly (readonly [string, DocumentedVariable])[]): string {
  const lines = rows.map(([name, variable]) => {
    const cells = [`\`${name}\``, defaultOf(variable), valuesOf(variable), sentence(variable.why)];
    return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  });
  return ['| variable | default | value | meaning |', '|---|---|---|---|', ...lines, ''].join('\n');
}

function defaultOf({ default: fallback }: DocumentedVariable): string {
  return fallback === undefined || fallback === '' ? 'unset' : `\`${fallback}\``;
}

/** The unit, and the choices or the range if the schema states them. */
function valuesOf({ schema, unit }: DocumentedVariable): string {
  const described = z.toJSONSchema(schema as z.ZodType, { io: 'output', unrepresentable: 'any' });
  if (Array.isArray(described.enum)) return described.enum.map((name) => `\`${name}\``).join(', ');
  const { minimum, maximum } = described;
  if (typeof minimum !== 'number' || typeof maximum !== 'number') return unit;
  return `${unit}, ${minimum} to ${maximum}`;
}

function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
