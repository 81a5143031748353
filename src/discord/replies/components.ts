/** Rows of buttons and selects as plain objects, cut to Discord's limits. Pure.
 *  @see https://discord.com/developers/docs/components/reference */
import {
  type APIActionRowComponent,
  type APIButtonComponentWithCustomId,
  type APIComponentInMessageActionRow,
  type APISelectMenuOption,
  ButtonStyle,
  ComponentType,
} from 'discord-api-types/v10';
import { plain } from './names.ts';

export type Row = APIActionRowComponent<APIComponentInMessageActionRow>;

const buttonsPerRow = 5;
const optionsMax = 25;
const labelLengthMax = 80;
const optionLengthMax = 100;
const placeholderLengthMax = 150;

type ButtonLook = 'plain' | 'main' | 'good' | 'bad';
const styles = {
  plain: ButtonStyle.Secondary,
  main: ButtonStyle.Primary,
  good: ButtonStyle.Success,
  bad: ButtonStyle.Danger,
} as const satisfies Record<ButtonLook, ButtonStyle>;

export function button(customId: string, label: string, look: ButtonLook = 'plain'): APIButtonComponentWithCustomId {
  return { type: ComponentType.Button, style: styles[look], custom_id: customId, label: plain(label, labelLengthMax) };
}

/** Buttons in rows of five; no row without buttons. */
export function buttonRows(buttons: readonly APIButtonComponentWithCustomId[]): Row[] {
  const rows: Row[] = [];
  for (let from = 0; from < buttons.length; from += buttonsPerRow) {
    rows.push({ type: ComponentType.ActionRow, components: buttons.slice(from, from + buttonsPerRow) });
  }
  return rows;
}

export interface Option {
  readonly label: string;
  readonly value: string;
  readonly description?: string;
}

/** A select with a single choice. Shows the first 25 options; no row without options. */
export function selectRow(customId: string, placeholder: string, options: readonly Option[]): Row[] {
  if (options.length === 0) return [];
  const shown = options.slice(0, optionsMax).map(({ label, value, description = '' }): APISelectMenuOption => {
    const hint = plain(description, optionLengthMax);
    return { label: plain(label, optionLengthMax), value, ...(hint === '' ? {} : { description: hint }) };
  });
  return [
    {
      type: ComponentType.ActionRow,
      components: [
        {
          type: ComponentType.StringSelect,
          custom_id: customId,
          placeholder: plain(placeholder, placeholderLengthMax),
          options: shown,
        },
      ],
    },
  ];
}
