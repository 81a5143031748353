/** User, channel and language in the page's address, so that they survive a reload and can be linked. */
export interface Address {
  /** '' for the server's first user. */
  readonly userId: string;
  /** '' for the first channel. */
  readonly channelId: string;
  readonly locale: Locale;
}

/** Discord's language code -> the language's own name. */
export const locales = { 'en-GB': 'English', de: 'Deutsch' } as const;
export type Locale = keyof typeof locales;

export function readAddress(search: string): Address {
  const query = new URLSearchParams(search);
  const locale = query.get('locale') ?? '';
  return {
    userId: query.get('user') ?? '',
    channelId: query.get('channel') ?? '',
    locale: locale in locales ? (locale as Locale) : 'en-GB',
  };
}

export function writeAddress({ userId, channelId, locale }: Address): string {
  const query = new URLSearchParams({ user: userId, channel: channelId, locale });
  for (const [name, value] of [...query]) if (value === '') query.delete(name);
  return `?${query}`;
}
