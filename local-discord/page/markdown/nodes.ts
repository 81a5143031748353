/** Discord's Markdown as data: parse.ts creates it, markdown.tsx renders it. */

export type Inline =
  | { readonly kind: 'text' | 'code' | 'emoji' | 'everyone'; readonly text: string }
  | {
      readonly kind: 'strong' | 'emphasis' | 'underline' | 'strike' | 'spoiler';
      readonly children: readonly Inline[];
    }
  /** Always http or https. */
  | { readonly kind: 'link'; readonly url: string; readonly children: readonly Inline[] }
  | { readonly kind: 'user' | 'channel' | 'role'; readonly id: string }
  | { readonly kind: 'command'; readonly name: string; readonly id: string }
  | { readonly kind: 'time'; readonly unixSec: number; readonly style: TimeStyle };

/** @see https://discord.com/developers/docs/reference#message-formatting-timestamp-styles */
export const timeStyles = ['t', 'T', 'd', 'D', 'f', 'F', 's', 'S', 'R'] as const;
export type TimeStyle = (typeof timeStyles)[number];

export interface ListItem {
  readonly children: readonly Inline[];
  readonly below: readonly Block[];
}

export type Block =
  | { readonly kind: 'paragraph' | 'subtext'; readonly children: readonly Inline[] }
  | { readonly kind: 'heading'; readonly level: 1 | 2 | 3; readonly children: readonly Inline[] }
  | { readonly kind: 'quote'; readonly children: readonly Block[] }
  | { readonly kind: 'code-block'; readonly language: string; readonly text: string }
  | { readonly kind: 'list'; readonly start: number | null; readonly items: readonly ListItem[] };
