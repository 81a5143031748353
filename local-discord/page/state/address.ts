/** What the page's address says: as whom, where, in which language. It survives a reload, and a link opens the same. */
export interface Address {
  /** '' for whoever the server names first. */
  readonly userId: string;
  /** '' for the first channel. */
  readonly channelId: string;
  readonly locale: Locale;
}

/** Discord's name of a language -> the language's own. */
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
