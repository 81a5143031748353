/** A modal's fields and their values for page-protocol.ts. Pure. */
import type { APIModalInteractionResponseCallbackData, ComponentType } from 'discord-api-types/v10';
import type { PageInteraction } from '../../page-protocol.ts';

export const FieldType = {
  stringSelect: 3 satisfies ComponentType.StringSelect,
  textInput: 4 satisfies ComponentType.TextInput,
  userSelect: 5 satisfies ComponentType.UserSelect,
  mentionableSelect: 7 satisfies ComponentType.MentionableSelect,
  channelSelect: 8 satisfies ComponentType.ChannelSelect,
  fileUpload: 19 satisfies ComponentType.FileUpload,
  radioGroup: 21 satisfies ComponentType.RadioGroup,
  checkboxGroup: 22 satisfies ComponentType.CheckboxGroup,
  checkbox: 23 satisfies ComponentType.Checkbox,
} as const;

/** Inputs of all types, with the fields of each. */
export interface ModalInput {
  readonly type: number;
  readonly custom_id: string;
  readonly label?: string;
  readonly required?: boolean;
  readonly style?: number;
  readonly value?: string;
  readonly placeholder?: string;
  readonly min_length?: number;
  readonly max_length?: number;
  readonly min_values?: number;
  readonly max_values?: number;
  readonly default?: boolean;
  readonly options?: readonly {
    readonly label: string;
    readonly value: string;
    readonly description?: string;
    readonly default?: boolean;
  }[];
}

export interface LabelledInput {
  readonly kind: 'input';
  readonly key: string;
  readonly label: string;
  readonly description: string;
  readonly input: ModalInput;
}

type Field = LabelledInput | { readonly kind: 'text'; readonly key: string; readonly content: string };
type Values = Extract<PageInteraction, { kind: 'modal' }>['values'];

interface Part {
  readonly label?: string;
  readonly description?: string;
  readonly content?: string;
  readonly component?: ModalInput;
  readonly components?: readonly ModalInput[];
}

export function fieldsOf(modal: APIModalInteractionResponseCallbackData): Field[] {
  return (modal.components as readonly unknown[]).flatMap((each, index): Field[] => {
    const part = each as Part;
    if (part.content !== undefined) return [{ kind: 'text', key: String(index), content: part.content }];
    const inputs = part.component ? [part.component] : (part.components ?? []);
    return inputs.map((input) => ({
      kind: 'input',
      key: input.custom_id,
      label: part.label ?? input.label ?? input.custom_id,
      description: part.description ?? '',
      input,
    }));
  });
}

/** Number of choices: one by default, all for a group of check boxes. */
export function isMultiple({ type, max_values: max }: ModalInput): boolean {
  return type === FieldType.checkboxGroup || (max ?? 1) > 1;
}

/** @param data of the browser's form, whose field names are the custom ids */
export function readValues(modal: APIModalInteractionResponseCallbackData, data: FormData) {
  const files: File[] = [];
  const values: Record<string, Values[string]> = {};
  for (const field of fieldsOf(modal)) {
    if (field.kind !== 'input') continue;
    const { custom_id: id, type } = field.input;
    const given = data.getAll(id);
    if (type === FieldType.fileUpload) {
      // An empty file field contains a file without a name.
      const chosen = given.filter((each): each is File => each instanceof File && each.name !== '');
      values[id] = chosen.map((file) => String(files.push(file) - 1));
    } else if (type === FieldType.checkbox) values[id] = given.length > 0;
    else if (type === FieldType.textInput) values[id] = String(given[0] ?? '');
    else values[id] = given.map(String).filter((value) => value !== '');
  }
  return { values, files };
}
