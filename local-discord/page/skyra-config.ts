/** Without an avatar, Skyra's elements fetch one from Discord's CDN. This configuration prevents that. They read it once when they
 *  are loaded, so this module is imported before them. */
import { avatarOf } from './avatar.ts';

const stranger = avatarOf({ id: '0', name: '?', isBot: false });
const names = ['blue', 'gray', 'green', 'orange', 'red', 'pink', 'default'];

Object.assign(globalThis, {
  $discordMessage: { avatars: Object.fromEntries(names.map((name) => [name, stranger])) },
});
