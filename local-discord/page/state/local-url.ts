/** The server writes absolute addresses of itself into messages; the page may be open under another name of the same
 *  machine (localhost, a forwarded port). Of such an address only the path counts. */
const loopback = /^(localhost|127(\.\d+){3}|\[::1\])$/;

/** @returns null for what lies on another machine: the page never asks it for anything */
export function localUrl(url: string): string | null {
  if (!URL.canParse(url)) return null;
  const { protocol, hostname, pathname, search } = new URL(url);
  return /^https?:$/.test(protocol) && loopback.test(hostname) ? pathname + search : null;
}
