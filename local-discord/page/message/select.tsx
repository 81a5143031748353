/** A select of a message: a list box that opens over the messages. One choice is sent at once, several when it closes. */
import type { APISelectMenuComponent } from 'discord-api-types/v10';
import { type ReactNode, useEffect, useRef, useState } from 'react';
import type { PageMessage } from '../../page-protocol.ts';
import { usePageContext } from '../page-context.ts';
import { useListKeys } from '../use-list-keys.ts';
import { useUpward } from '../use-upward.ts';
import { usePress } from './use-press.ts';

interface MessageSelectProps {
  readonly message: PageMessage;
  readonly select: APISelectMenuComponent;
}

export function MessageSelect({ message, select }: MessageSelectProps): ReactNode {
  const { custom_id, max_values = 1, min_values = 1, disabled = false, placeholder = 'Make a selection' } = select;
  const { isWaiting, press } = usePress(message, custom_id, select.type);
  const options = useSelectOptions(select);
  const [isOpen, setOpen] = useState(false);
  const [chosen, setChosen] = useState<readonly string[]>(() =>
    options.filter((each) => each.isDefault).map((each) => each.value),
  );
  const frame = useRef<HTMLDivElement>(null);
  const list = useRef<HTMLDivElement>(null);
  const isUpward = useUpward(list, isOpen);
  const isMultiple = max_values > 1;

  const close = (values: readonly string[]): void => {
    setOpen(false);
    if (isMultiple && values.length >= min_values) press(values);
  };
  const take = (index: number): void => {
    const value = options[index]?.value;
    if (value === undefined) return;
    if (!isMultiple) {
      setChosen([value]);
      setOpen(false);
      press([value]);
      return;
    }
    const others = chosen.filter((each) => each !== value);
    setChosen(others.length < chosen.length ? others : [...others, value].slice(-max_values));
  };
  const keys = useListKeys({ count: options.length, isOpen, first: 0, onTake: take, onLeave: () => setOpen(false) });

  useEffect(() => {
    if (!isOpen) return;
    const closeOutside = (event: PointerEvent): void => {
      if (!frame.current?.contains(event.target as Node)) setOpen(false);
    };
    document.addEventListener('pointerdown', closeOutside);
    return () => document.removeEventListener('pointerdown', closeOutside);
  }, [isOpen]);

  const labels = options.filter((each) => chosen.includes(each.value)).map((each) => each.label);
  return (
    <div className="select" ref={frame}>
      <button
        type="button"
        role="combobox"
        className={`select-box${isWaiting ? ' waiting' : ''}`}
        aria-label={placeholder}
        aria-haspopup="listbox"
        aria-expanded={isOpen}
        aria-controls={keys.listId}
        aria-activedescendant={isOpen ? keys.idOf(keys.active) : undefined}
        aria-busy={isWaiting}
        disabled={disabled}
        onClick={() => (isOpen ? close(chosen) : setOpen(true))}
        onKeyDown={(event) => {
          if (!keys.onKeyDown(event) && !isOpen && event.key === 'ArrowDown') setOpen(true);
        }}
      >
        <span className={labels.length > 0 ? 'select-chosen' : 'select-placeholder'}>
          {labels.join(', ') || placeholder}
        </span>
        <span aria-hidden="true">▾</span>
      </button>
      {isOpen && (
        <div
          ref={list}
          className={isUpward ? 'select-list upward' : 'select-list'}
          role="listbox"
          id={keys.listId}
          aria-label={placeholder}
          aria-multiselectable={isMultiple}
        >
          {options.map((option, i) => (
            <Option
              key={option.value}
              id={keys.idOf(i)}
              option={option}
              isActive={i === keys.active}
              isChosen={chosen.includes(option.value)}
              onTake={() => take(i)}
              onHover={() => keys.setActive(i)}
            />
          ))}
          {isMultiple && (
            <button type="button" className="button primary select-done" onClick={() => close(chosen)}>
              Done
            </button>
          )}
        </div>
      )}
    </div>
  );
}

interface OptionProps {
  readonly id: string;
  readonly option: SelectOption;
  readonly isActive: boolean;
  readonly isChosen: boolean;
  onTake(): void;
  onHover(): void;
}

function Option({ id, option, isActive, isChosen, onTake, onHover }: OptionProps): ReactNode {
  return (
    // The box above keeps the focus and receives the keys.
    // biome-ignore lint/a11y/useKeyWithClickEvents: see above
    <div
      id={id}
      role="option"
      tabIndex={-1}
      aria-selected={isChosen}
      className={`select-option${isActive ? ' active' : ''}`}
      onClick={onTake}
      onPointerMove={onHover}
    >
      {option.emoji && <span aria-hidden="true">{option.emoji}</span>}
      <span className="select-words">
        <strong>{option.label}</strong>
        {option.description && <small>{option.description}</small>}
      </span>
      {isChosen && <span aria-hidden="true">✓</span>}
    </div>
  );
}

interface SelectOption {
  readonly label: string;
  readonly value: string;
  readonly description?: string | undefined;
  readonly emoji?: string | undefined;
  readonly isDefault: boolean;
}

/** The options of a select: its own, or the server's users or channels. */
function useSelectOptions(select: APISelectMenuComponent): readonly SelectOption[] {
  const { users, guild } = usePageContext();
  if ('options' in select) {
    return select.options.map(({ label, value, description, emoji, default: isDefault = false }) => ({
      label,
      value,
      description,
      emoji: emoji?.name,
      isDefault,
    }));
  }
  const defaults = (select.default_values ?? []).map(({ id }) => id);
  const asOption = (mark: string) => (each: { readonly id: string; readonly name: string }) => ({
    label: mark + each.name,
    value: each.id,
    isDefault: defaults.includes(each.id),
  });
  const isOfChannels = 'channel_types' in select || select.type === 8;
  return isOfChannels ? (guild?.channels ?? []).map(asOption('# ')) : [...users.values()].map(asOption('@'));
}
