/** Checks the form of a link before any request is made. Pure. */
import { linkRefused, notHttp } from './link-errors.ts';
import { isMusicPage } from './music-pages.ts';

/** Ports above 1023 are allowed for web servers; below, only 80 and 443. `otherServices` lists ports that browsers
 *  block. @see https://fetch.spec.whatwg.org/#port-blocking */
const webPorts = [80, 443];
const firstFreePort = 1024;
const otherServices = [
  1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080,
];
/** Longer than browsers accept; limits the parsed text. */
const lengthMax = 8_192;

/** @param base the link that led here by a redirect, if one did
 *  @throws {LeitmotifError} link-refused with facts kind and, where there is one, host */
export function readLink(text: string, { base, anyPort = false }: { base?: URL; anyPort?: boolean } = {}): URL {
  const url = text.length <= lengthMax ? URL.parse(text, base?.href) : null;
  if (!url || (url.protocol !== 'http:' && url.protocol !== 'https:')) throw notHttp();
  if (url.username !== '' || url.password !== '') throw linkRefused(url, 'credentials', 'its link carries a password');
  if (isMusicPage(url.hostname)) throw linkRefused(url, 'music-page', 'its pages hold players, and no recordings');
  if (!anyPort && !isWebPort(url)) throw linkRefused(url, 'port', `port ${url.port} is not a web server's`);
  return url;
}

function isWebPort(url: URL): boolean {
  if (url.port === '') return true;
  const port = Number(url.port);
  return webPorts.includes(port) || (port >= firstFreePort && !otherServices.includes(port));
}
