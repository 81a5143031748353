/** Skyra's elements fetch a face from Discord's CDN where they are given none. What they find here keeps them from it;
 *  they look once, when they are loaded, so this is imported before them. */
import { avatarOf } from './avatar.ts';

const stranger = avatarOf({ id: '0', name: '?', isBot: false });
const names = ['blue', 'gray', 'green', 'orange', 'red', 'pink', 'default'];

Object.assign(globalThis, {
  $discordMessage: { avatars: Object.fromEntries(names.map((name) => [name, stranger])) },
});
