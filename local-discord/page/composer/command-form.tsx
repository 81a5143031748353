/** A command with its options as chips, like Discord's composer after a command was picked. */
import { type ReactNode, useEffect, useRef, useState } from 'react';
import { usePageContext } from '../page-context.ts';
import type { CommandEntry, OptionEntry } from './commands.ts';
import { nestOptions } from './commands.ts';
import { OptionField } from './option-field.tsx';
import { checkFilled, type Entered, type Filled } from './option-values.ts';

interface CommandFormProps {
  readonly entry: CommandEntry;
  readonly filled: Filled;
  onChange(filled: Filled): void;
  onEnd(): void;
}

export function CommandForm({ entry, filled, onChange, onEnd }: CommandFormProps): ReactNode {
  const { discord } = usePageContext();
  const [problems, setProblems] = useState<ReadonlyMap<string, string>>(new Map());
  const [focused, setFocused] = useState<string | null>(null);
  const form = useRef<HTMLFormElement>(null);
  const shown = entry.options.filter(({ option }) => filled.has(option.name));
  const others = entry.options.filter(({ option }) => !filled.has(option.name));
  const hint = entry.options.find(({ option }) => option.name === focused);
  const problem = (focused && problems.get(focused)) ?? [...problems.values()][0];

  const focusOn = (name: string | null): void => {
    const chip = name && form.current?.querySelector<HTMLElement>(`[data-option="${CSS.escape(name)}"] .field`);
    (chip || form.current?.querySelector<HTMLElement>('.send'))?.focus();
  };
  // biome-ignore lint/correctness/useExhaustiveDependencies: once, when the command opens
  useEffect(() => focusOn(shown.find(({ option }) => !filled.get(option.name)?.file)?.option.name ?? null), []);

  const enter = (name: string, entered: Entered): void => {
    setProblems(new Map([...problems].filter(([each]) => each !== name)));
    onChange(new Map(filled).set(name, entered));
  };
  const add = (name: string): void => {
    onChange(new Map(filled).set(name, { text: '' }));
    // The chip exists after the next paint.
    requestAnimationFrame(() => focusOn(name));
  };
  const remove = (name: string): void => {
    onChange(new Map([...filled].filter(([each]) => each !== name)));
    focusOn(null);
  };
  const send = (): void => {
    const checked = checkFilled(entry.options, filled);
    setProblems(checked.problems);
    const [wrong] = checked.problems.keys();
    if (wrong !== undefined) {
      if (filled.has(wrong)) focusOn(wrong);
      else add(wrong);
      return;
    }
    discord.interact(
      { kind: 'chat-command', commandId: entry.commandId, options: nestOptions(entry, checked.options) },
      { kind: 'command', title: `/${entry.title}` },
      checked.files,
    );
    onEnd();
  };

  return (
    <form
      ref={form}
      className="composer command-form"
      aria-label={`/${entry.title}`}
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
      onKeyDown={(event) => {
        if (event.key === 'Escape' && !event.defaultPrevented) onEnd();
      }}
    >
      <p className={problem ? 'hint failure' : 'hint'} role={problem ? 'alert' : undefined}>
        {problem ?? (hint ? `${hint.title}: ${hint.description}` : entry.description)}
      </p>
      <div className="composer-row">
        <button type="button" className="round" aria-label="Leave the command" onClick={onEnd}>
          ×
        </button>
        <div className="chips">
          <span className="command-name">/{entry.title}</span>
          {shown.map((each) => (
            <Chip
              key={each.option.name}
              entry={entry}
              each={each}
              filled={filled}
              isWrong={problems.has(each.option.name)}
              onEnter={(entered) => enter(each.option.name, entered)}
              onRemove={() => remove(each.option.name)}
              onFocus={() => setFocused(each.option.name)}
            />
          ))}
          {others.map(({ option, title, description }) => (
            <button
              key={option.name}
              type="button"
              className="add-option"
              title={description}
              onClick={() => add(option.name)}
            >
              + {title}
            </button>
          ))}
        </div>
        <button type="submit" className="round send" aria-label="Send">
          ➤
        </button>
      </div>
    </form>
  );
}

interface ChipProps {
  readonly entry: CommandEntry;
  readonly each: OptionEntry;
  readonly filled: Filled;
  readonly isWrong: boolean;
  onEnter(entered: Entered): void;
  onRemove(): void;
  onFocus(): void;
}

function Chip({ entry, each, filled, isWrong, onEnter, onRemove, onFocus }: ChipProps): ReactNode {
  const { option, title } = each;
  return (
    <fieldset className={isWrong ? 'chip wrong' : 'chip'} data-option={option.name} onFocus={onFocus}>
      <span className="chip-name" aria-hidden="true">
        {title}
      </span>
      <OptionField entry={entry} each={each} filled={filled} isWrong={isWrong} onEnter={onEnter} />
      {!option.required && (
        <button type="button" className="remove" aria-label={`Remove ${title}`} onClick={onRemove}>
          ×
        </button>
      )}
    </fieldset>
  );
}
