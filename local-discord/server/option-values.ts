/** Validates a user's option values against the command's options, as Discord's app does before it sends. */
import {
  type APIApplicationCommandBasicOption,
  type APIApplicationCommandOption,
  ApplicationCommandOptionType as O,
} from 'discord-api-types/v10';
import type { PageOption } from '../page-protocol.ts';
import { RefusedByClient } from './refused-by-client.ts';

export interface FilledOption {
  readonly name: string;
  readonly type: O;
  readonly value?: string | number | boolean;
  readonly options?: readonly FilledOption[];
  readonly focused?: true;
}

/** @param focused the option in focus, for autocompletion; no option is required then
 *  @throws {RefusedByClient} with a sentence for the user */
export function checkOptions(
  definitions: readonly APIApplicationCommandOption[],
  given: readonly PageOption[],
  focused: string | null = null,
): FilledOption[] {
  for (const definition of definitions) {
    const isSub = definition.type === O.Subcommand || definition.type === O.SubcommandGroup;
    if (isSub || !definition.required || focused !== null) continue;
    if (!given.some(({ name }) => name === definition.name)) {
      throw new RefusedByClient(`The option "${definition.name}" is required.`);
    }
  }
  const hasSubs = definitions.some(({ type }) => type === O.Subcommand || type === O.SubcommandGroup);
  if (hasSubs && given.length !== 1) throw new RefusedByClient('Pick one of the subcommands.');
  return given.map((option, index) => {
    const definition = definitions.find(({ name }) => name === option.name);
    if (!definition) throw new RefusedByClient(`There is no option "${option.name}".`);
    if (given.findIndex(({ name }) => name === option.name) !== index) {
      throw new RefusedByClient(`The option "${option.name}" is given twice.`);
    }
    if (definition.type === O.Subcommand || definition.type === O.SubcommandGroup) {
      const options = checkOptions(definition.options ?? [], option.options ?? [], focused);
      return { name: option.name, type: definition.type, options };
    }
    if (option.name === focused) {
      return { name: option.name, type: definition.type, value: String(option.value ?? ''), focused: true };
    }
    const problem = problemOf(definition, option.value);
    if (problem) throw new RefusedByClient(`${option.name}: ${problem}`);
    return { name: option.name, type: definition.type, value: option.value as string | number | boolean };
  });
}

/** resolver.ts looks up attachments, users, roles and channels. */
function problemOf(definition: APIApplicationCommandBasicOption, value: PageOption['value']): string | null {
  switch (definition.type) {
    case O.String: {
      if (typeof value !== 'string' || value === '') return 'Expected a text.';
      if (value.length > (definition.max_length ?? 6000)) return `At most ${definition.max_length ?? 6000} characters.`;
      if (value.length < (definition.min_length ?? 0)) return `At least ${definition.min_length} characters.`;
      return choiceProblem(definition.choices, value);
    }
    case O.Integer:
    case O.Number: {
      if (typeof value !== 'number' || !Number.isFinite(value)) return 'Expected a number.';
      if (definition.type === O.Integer && !Number.isInteger(value)) return 'Expected a whole number.';
      const { min_value: min = -(2 ** 53), max_value: max = 2 ** 53 } = definition;
      if (value < min || value > max) return `Expected a number from ${min} to ${max}.`;
      return choiceProblem(definition.choices, value);
    }
    case O.Boolean:
      return typeof value === 'boolean' ? null : 'Expected yes or no.';
    case O.Attachment:
      return typeof value === 'number' || typeof value === 'string' ? null : 'Expected a file.';
    default:
      return typeof value === 'string' ? null : 'Expected a choice from the list.';
  }
}

function choiceProblem(choices: readonly { readonly value: unknown }[] | undefined, value: unknown): string | null {
  const isFree = !choices?.length || choices.some((choice) => choice.value === value);
  return isFree ? null : 'Expected one of the choices.';
}
