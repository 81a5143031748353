/** A text option with autocompletion: the bot gives choices while the user types. Other text can be sent too. */
import { type ReactNode, useEffect, useState } from 'react';
import { usePageContext } from '../page-context.ts';
import type { Choice } from '../state/api.ts';
import { useListKeys } from '../use-list-keys.ts';
import { nestOptions } from './commands.ts';
import type { OptionFieldProps } from './option-field.tsx';
import { type Entered, rawOptions } from './option-values.ts';

/** Requests wait for a pause in typing. */
const restMs = 150;

interface AutocompleteFieldProps extends OptionFieldProps {
  readonly entered: Entered;
}

export function AutocompleteField({
  entry,
  each,
  filled,
  entered,
  isWrong,
  onEnter,
}: AutocompleteFieldProps): ReactNode {
  const { discord, locale } = usePageContext();
  const [choices, setChoices] = useState<readonly Choice[] | 'asking' | 'failed'>('asking');
  const [isOpen, setOpen] = useState(false);
  const { option, title } = each;

  // biome-ignore lint/correctness/useExhaustiveDependencies: only a change of the text triggers a request
  useEffect(() => {
    if (!isOpen) return;
    const controller = new AbortController();
    const ask = async (): Promise<void> => {
      const options = nestOptions(entry, rawOptions(entry.options, filled, option.name));
      const { api, channelId } = discord;
      const request = { channelId, locale, commandId: entry.commandId, options, focused: option.name };
      const found = await api.autocomplete(request, controller.signal).catch(() => 'failed' as const);
      if (!controller.signal.aborted) setChoices(found);
    };
    const timer = setTimeout(() => void ask(), restMs);
    return () => {
      clearTimeout(timer);
      controller.abort();
    };
  }, [isOpen, entered.text, option.name]);

  const list = Array.isArray(choices) ? (choices as readonly Choice[]) : [];
  const take = (index: number): void => {
    const choice = list[index];
    if (!choice) return;
    onEnter({ text: choice.name, choice });
    setOpen(false);
  };
  const keys = useListKeys({ count: list.length, isOpen, first: -1, onTake: take, onLeave: () => setOpen(false) });
  return (
    <div className="autocomplete">
      <input
        className="field"
        type="text"
        role="combobox"
        autoComplete="off"
        aria-label={title}
        aria-invalid={isWrong}
        aria-expanded={isOpen}
        aria-controls={keys.listId}
        aria-autocomplete="list"
        aria-activedescendant={isOpen && keys.active >= 0 ? keys.idOf(keys.active) : undefined}
        value={entered.text}
        onFocus={() => setOpen(entered.choice === undefined)}
        onBlur={() => setOpen(false)}
        onChange={({ target }) => {
          onEnter({ text: target.value });
          setOpen(true);
        }}
        onKeyDown={keys.onKeyDown}
      />
      {isOpen && (
        <div className="popover" role="listbox" id={keys.listId} aria-label={title}>
          {choices === 'asking' && <p className="popover-empty">Looking…</p>}
          {choices === 'failed' && <p className="popover-empty">Loading options failed.</p>}
          {Array.isArray(choices) && list.length === 0 && (
            <p className="popover-empty">No options match your search.</p>
          )}
          {list.map((choice, i) => (
            <div
              key={choice.value}
              id={keys.idOf(i)}
              role="option"
              tabIndex={-1}
              aria-selected={i === keys.active}
              className={`popover-option${i === keys.active ? ' active' : ''}`}
              // Handled before the field loses focus, which would close the list.
              onPointerDown={(event) => {
                event.preventDefault();
                take(i);
              }}
              onPointerMove={() => keys.setActive(i)}
            >
              {choice.name}
            </div>
          ))}
        </div>
      )}
    </div>
  );
}
