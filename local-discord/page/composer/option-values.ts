/** Validates a user's option values, as Discord's app does before it sends. Pure. */
import type { APIApplicationCommandBasicOption, ApplicationCommandOptionType } from 'discord-api-types/v10';
import type { PageOption } from '../../page-protocol.ts';
import { takesFile } from '../../server/file-types.ts';
import type { Choice } from '../state/api.ts';
import type { OptionEntry } from './commands.ts';

export const OptionType = {
  string: 3,
  integer: 4,
  boolean: 5,
  user: 6,
  channel: 7,
  role: 8,
  mentionable: 9,
  number: 10,
  attachment: 11,
} as const satisfies Record<string, ApplicationCommandOptionType>;

/** The content of one option's field. */
export interface Entered {
  readonly text: string;
  /** The picked entry of a list. */
  readonly choice?: Choice;
  readonly file?: File;
}

export type Filled = ReadonlyMap<string, Entered>;

export interface Checked {
  readonly options: readonly PageOption[];
  /** The value of an attachment option is an index into it. */
  readonly files: readonly File[];
  /** option name -> its error */
  readonly problems: ReadonlyMap<string, string>;
}

/** @param filled only the visible options */
export function checkFilled(entries: readonly OptionEntry[], filled: Filled): Checked {
  const options: PageOption[] = [];
  const files: File[] = [];
  const problems = new Map<string, string>();
  for (const { option } of entries) {
    const entered = filled.get(option.name);
    if (!entered || isEmpty(entered)) {
      if (option.required) problems.set(option.name, 'This option is required.');
      continue;
    }
    const problem = problemOf(option, entered);
    if (problem) problems.set(option.name, problem);
    if (entered.file) files.push(entered.file);
    options.push({
      name: option.name,
      type: option.type,
      value: entered.file ? files.length - 1 : sentValue(option, entered),
    });
  }
  return { options, files, problems };
}

/** For autocompletion: the option in focus as typed, the others only if valid. */
export function rawOptions(entries: readonly OptionEntry[], filled: Filled, focused: string): readonly PageOption[] {
  return entries.flatMap(({ option }): PageOption[] => {
    const { name, type } = option;
    const entered = filled.get(name);
    if (!entered || type === OptionType.attachment) return [];
    if (name === focused) return [{ name, type, value: entered.text }];
    if (isEmpty(entered) || problemOf(option, entered)) return [];
    return [{ name, type, value: sentValue(option, entered) }];
  });
}

function isEmpty({ text, choice, file }: Entered): boolean {
  return text.trim() === '' && choice === undefined && file === undefined;
}

function sentValue({ type }: APIApplicationCommandBasicOption, { text, choice }: Entered): string | number | boolean {
  const value = choice?.value ?? text.trim();
  if (type === OptionType.boolean) return value === 'true';
  return type === OptionType.integer || type === OptionType.number ? Number(value) : value;
}

function problemOf(option: APIApplicationCommandBasicOption, { text, choice, file }: Entered): string | null {
  if (option.type === OptionType.attachment) return file ? fileProblem(option, file) : 'Choose a file.';
  if (choice) return null;
  if (option.type === OptionType.string) {
    const { min_length: min = 0, max_length: max = 6000 } = option;
    const length = text.trim().length;
    return length < min || length > max ? `Between ${min} and ${max} characters, please.` : null;
  }
  if (option.type === OptionType.integer || option.type === OptionType.number) return numberProblem(option, text);
  return null;
}

function numberProblem(
  option: Extract<APIApplicationCommandBasicOption, { type: 4 | 10 }>,
  text: string,
): string | null {
  const { min_value: min = -(2 ** 53), max_value: max = 2 ** 53 } = option;
  const value = Number(text);
  if (!Number.isFinite(value)) return 'A number, please.';
  if (option.type === OptionType.integer && !Number.isInteger(value)) return 'A whole number, please.';
  if (value >= min && value <= max) return null;
  if (option.max_value === undefined) return `At least ${min}, please.`;
  return option.min_value === undefined ? `At most ${max}, please.` : `A number from ${min} to ${max}, please.`;
}

/** @param fileTypes groups ('audio', 'image', 'video') and extensions ('.pdf'); undefined accepts every file */
type FileTypes = readonly string[] | undefined;

function fileProblem({ file_types }: { readonly file_types?: FileTypes }, file: File): string | null {
  return takesFile(file_types ?? [], file.name) ? null : `This option takes ${(file_types ?? []).join(', ')}.`;
}

/** For the browser's file picker. */
export function acceptOf(fileTypes: FileTypes): string {
  return (fileTypes ?? []).map((each) => (each.startsWith('.') ? each : `${each}/*`)).join(',');
}
