/** Keyboard control of a list whose focus stays in another element: arrows move, Enter and Tab choose, Escape closes. */
import { type KeyboardEvent, useEffect, useId, useState } from 'react';

export interface ListKeys {
  /** -1 when no entry is active. */
  readonly active: number;
  readonly listId: string;
  idOf(index: number): string;
  setActive(index: number): void;
  /** @returns whether the key was for the list */
  onKeyDown(event: KeyboardEvent): boolean;
}

interface ListKeysOptions {
  readonly count: number;
  readonly isOpen: boolean;
  /** The first active entry: 0, or -1 for none. */
  readonly first: 0 | -1;
  onTake(index: number): void;
  onLeave(): void;
}

export function useListKeys({ count, isOpen, first, onTake, onLeave }: ListKeysOptions): ListKeys {
  const [moved, setActive] = useState<number>(first);
  const listId = useId();
  const active = Math.min(moved, count - 1);
  const idOf = (index: number): string => `${listId}-${index}`;

  // Reset when the list opens or its entries change.
  // biome-ignore lint/correctness/useExhaustiveDependencies: these trigger the reset
  useEffect(() => setActive(first), [count, isOpen, first]);
  useEffect(() => {
    if (isOpen && active >= 0) document.getElementById(`${listId}-${active}`)?.scrollIntoView({ block: 'nearest' });
  }, [isOpen, active, listId]);

  const onKeyDown = (event: KeyboardEvent): boolean => {
    if (!isOpen || event.nativeEvent.isComposing) return false;
    const isTake = (event.key === 'Enter' || event.key === 'Tab') && !event.shiftKey && active >= 0;
    if (event.key === 'ArrowDown') setActive((active + 1) % Math.max(count, 1));
    else if (event.key === 'ArrowUp') setActive(active <= 0 ? count - 1 : active - 1);
    else if (event.key === 'Escape') onLeave();
    else if (isTake) onTake(active);
    else return false;
    event.preventDefault();
    return true;
  };
  return { active, listId, idOf, setActive, onKeyDown };
}
