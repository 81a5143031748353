/** The field of one option, by its type. */
import type { ReactNode } from 'react';
import { usePageContext } from '../page-context.ts';
import { AttachmentField } from './attachment-field.tsx';
import { AutocompleteField } from './autocomplete-field.tsx';
import type { CommandEntry, OptionEntry } from './commands.ts';
import { localised } from './commands.ts';
import { type Entered, type Filled, OptionType } from './option-values.ts';

export interface OptionFieldProps {
  readonly entry: CommandEntry;
  readonly each: OptionEntry;
  readonly filled: Filled;
  readonly isWrong: boolean;
  onEnter(entered: Entered): void;
}

export function OptionField(props: OptionFieldProps): ReactNode {
  const { each, filled, isWrong, onEnter } = props;
  const { users, guild, locale } = usePageContext();
  const { option, title } = each;
  const entered = filled.get(option.name) ?? { text: '' };
  const pick = (options: readonly PickOption[]): ReactNode => (
    <Pick title={title} options={options} entered={entered} isWrong={isWrong} onEnter={onEnter} />
  );
  if ('choices' in option && option.choices && option.choices.length > 0) {
    return pick(
      option.choices.map(({ name, name_localizations, value }) => ({
        name: localised(name, name_localizations, locale),
        value,
      })),
    );
  }
  switch (option.type) {
    case OptionType.boolean:
      return pick([
        { name: 'True', value: 'true' },
        { name: 'False', value: 'false' },
      ]);
    case OptionType.channel:
      return pick((guild?.channels ?? []).map(({ id, name }) => ({ name: `#${name}`, value: id })));
    case OptionType.user:
    case OptionType.mentionable:
      return pick([...users.values()].map(({ id, name }) => ({ name: `@${name}`, value: id })));
    case OptionType.attachment:
      return <AttachmentField {...props} entered={entered} />;
  }
  if ('autocomplete' in option && option.autocomplete) return <AutocompleteField {...props} entered={entered} />;
  const isNumber = option.type === OptionType.integer || option.type === OptionType.number;
  return (
    <input
      className="field"
      type="text"
      inputMode={isNumber ? 'decimal' : 'text'}
      autoComplete="off"
      aria-label={title}
      aria-invalid={isWrong}
      value={entered.text}
      onChange={({ target }) => onEnter({ text: target.value })}
    />
  );
}

interface PickOption {
  readonly name: string;
  readonly value: string | number;
}

interface PickProps {
  readonly title: string;
  readonly options: readonly PickOption[];
  readonly entered: Entered;
  readonly isWrong: boolean;
  onEnter(entered: Entered): void;
}

function Pick({ title, options, entered, isWrong, onEnter }: PickProps): ReactNode {
  return (
    <select
      className="field"
      aria-label={title}
      aria-invalid={isWrong}
      value={String(entered.choice?.value ?? '')}
      onChange={({ target }) => {
        const choice = options.find(({ value }) => String(value) === target.value);
        onEnter(choice ? { text: choice.name, choice } : { text: '' });
      }}
    >
      <option value="">…</option>
      {options.map(({ name, value }) => (
        <option key={value} value={String(value)}>
          {name}
        </option>
      ))}
    </select>
  );
}
