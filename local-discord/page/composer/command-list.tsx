import type { ReactNode } from 'react';
import type { ListKeys } from '../use-list-keys.ts';
import type { CommandEntry } from './commands.ts';

interface CommandListProps {
  readonly entries: readonly CommandEntry[];
  readonly keys: ListKeys;
  onTake(index: number): void;
}

/** What a slash offers. The text field keeps the focus and hears the keys. */
export function CommandList({ entries, keys, onTake }: CommandListProps): ReactNode {
  return (
    <div className="popover" role="listbox" id={keys.listId} aria-label="Commands">
      {entries.length === 0 && <p className="popover-empty">No command of that name.</p>}
      {entries.map((entry, i) => (
        // biome-ignore lint/a11y/useKeyWithClickEvents: see above
        <div
          key={entry.name}
          id={keys.idOf(i)}
          role="option"
          tabIndex={-1}
          aria-selected={i === keys.active}
          className={`popover-option${i === keys.active ? ' active' : ''}`}
          onClick={() => onTake(i)}
          onPointerMove={() => keys.setActive(i)}
        >
          <strong>/{entry.title}</strong>
          <span className="option-names">{entry.options.map(({ title }) => title).join('  ')}</span>
          <small>{entry.description}</small>
        </div>
      ))}
    </div>
  );
}
