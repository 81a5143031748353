/** Messages contain absolute URLs of the server. The page may be open under another name of the same machine (localhost, a
 *  forwarded port), so only the path of such a URL is used. */
const loopback = /^(localhost|127(\.\d+){3}|\[::1\])$/;

/** @returns null for a URL of another machine, from which the page never fetches anything */
export function localUrl(url: string): string | null {
  if (!URL.canParse(url)) return null;
  const { protocol, hostname, pathname, search } = new URL(url);
  return /^https?:$/.test(protocol) && loopback.test(hostname) ? pathname + search : null;
}
