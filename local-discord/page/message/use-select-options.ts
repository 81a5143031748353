import type { APISelectMenuComponent } from 'discord-api-types/v10';
import { useSurroundings } from '../surroundings.ts';

export interface SelectOption {
  readonly label: string;
  readonly value: string;
  readonly description?: string | undefined;
  readonly emoji?: string | undefined;
  readonly isDefault: boolean;
}

/** What a select offers: its own options, or the people or channels there are. */
export function useSelectOptions(select: APISelectMenuComponent): readonly SelectOption[] {
  const { users, guild } = useSurroundings();
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
