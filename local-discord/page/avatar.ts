/** Generated avatars: a colour with initials, or a note for applications. Nothing is fetched. */
import type { PageUser } from '../page-protocol.ts';

const colours = ['#2d8a55', '#b8562c', '#a63d88', '#2f7fa8', '#8a6d1f', '#b03a4a', '#6b56c9'];
const note =
  '<path d="M32 52V27l26-6v25" stroke="#fff" stroke-width="5" fill="none" stroke-linejoin="round"/><circle cx="25" cy="53" r="8" fill="#fff"/><circle cx="51" cy="47" r="8" fill="#fff"/>';

/** @returns a data: URL of an SVG picture */
export function avatarOf({ id, name, isBot }: PageUser): string {
  const colour = isBot ? '#5865f2' : colours[Number(BigInt(id) % BigInt(colours.length))];
  const face = isBot
    ? note
    : `<text x="40" y="41" fill="#fff" font-family="sans-serif" font-size="30" text-anchor="middle" dominant-baseline="central">${initials(name)}</text>`;
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 80 80"><rect width="80" height="80" fill="${colour}"/>${face}</svg>`;
  return `data:image/svg+xml,${encodeURIComponent(svg)}`;
}

/** Letters and digits only, so that no name can become markup. */
function initials(name: string): string {
  const words = name.match(/[\p{L}\p{N}]+/gu) ?? ['?'];
  return words
    .slice(0, 2)
    .map((word) => [...word][0]?.toUpperCase())
    .join('');
}
