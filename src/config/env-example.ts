/** Generates .env.example. */
import { variables } from './variables.ts';

/** The text of .env.example: every variable with its default, unit and reason. */
export function envExample(): string {
  const lines = ['# Every variable of Leitmotif. Copy to .env what you change; an empty value means unset.', ''];
  for (const [name, { default: fallback, unit, why }] of Object.entries(variables)) {
    lines.push(`# ${why} (${unit})`, fallback === undefined ? `#${name}=` : `#${name}=${fallback}`, '');
  }
  return `${lines.join('\n').trimEnd()}\n`;
}
