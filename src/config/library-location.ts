/** Library locations: `file:/path`, `azure://account/container/prefix`, or several named ones.
 *
 *  A single location needs no name, and its keys are paths below it. Several are written `name=place; name=place`, and each
 *  key begins with the name of its library. So a track keeps its key when other libraries are added or removed.
 */
import { LeitmotifError } from '../errors.ts';
import { withoutSecrets } from './urls.ts';

export interface LibraryPlace {
  /** Null for a single library; otherwise the first part of its keys. */
  readonly name: string | null;
  readonly location: string;
}

export interface AzurePlace {
  readonly account: string;
  readonly container: string;
  /** Empty, or a path that ends in a slash. The library is everything below it. */
  readonly prefix: string;
}

/** Names are parts of keys, which users type: no blanks, and no characters with a meaning in paths or lists. */
const namePattern = /^[\p{L}\p{N}][\p{L}\p{N}_-]{0,31}$/u;
/** A separator counts only before another `name=place`, because paths may contain commas and semicolons. */
const separator = /\s*[;,]\s*(?=[^\s;,=/]+=(?:file:|azure:))/;
/** @see https://learn.microsoft.com/azure/storage/common/storage-account-overview#storage-account-name */
const accountPattern = /^[a-z0-9]{3,24}$/;
/** @see https://learn.microsoft.com/rest/api/storageservices/naming-and-referencing-containers--blobs--and-metadata */
const containerPattern = /^(?:\$root|\$web|[a-z0-9](?:-?[a-z0-9])+)$/;
const librariesMax = 32;

/** @param text one place, or several `name=place` separated by semicolons or commas
 *  @returns sorted by the prefix of their keys
 *  @throws {LeitmotifError} 'config-invalid' */
export function parseLibraries(text: string): LibraryPlace[] {
  const given = text.trim();
  if (/^(?:file|azure):/.test(given)) return [{ name: null, location: checkLocation(given) }];
  const places = given.split(separator).map((part) => {
    const [, name = '', location = ''] = /^([^=]*)=(.*)$/s.exec(part) ?? [];
    if (!namePattern.test(name)) throw invalid(`expected file:/path, azure://account/container or NAME=PLACE`, part);
    return { name, location: checkLocation(location) };
  });
  if (places.length > librariesMax) throw invalid(`expected at most ${librariesMax} libraries`, `${places.length}`);
  const twice = places.find(({ name }, at) => places.findIndex((other) => other.name === name) < at);
  if (twice) throw invalid('expected each name once', `${twice.name}=`);
  return places.toSorted((a, b) => compareCodePoints(prefixOf(a), prefixOf(b)));
}

/** The inverse of parseLibraries. The catalog stores this text. */
export function formatLibraries(places: readonly LibraryPlace[]): string {
  return places.map(({ name, location }) => (name === null ? location : `${name}=${location}`)).join('; ');
}

/** The prefix of all keys of a library. */
export function prefixOf({ name }: LibraryPlace): string {
  return name === null ? '' : `${name}/`;
}

/** @throws {LeitmotifError} 'config-invalid' */
export function parseAzure(location: string): AzurePlace {
  const [, account = '', container = '', rest = ''] = /^azure:\/\/([^/]*)\/([^/]*)(?:\/(.*))?$/s.exec(location) ?? [];
  const named = accountPattern.test(account) && containerPattern.test(container) && container.length <= 63;
  if (!named || /[?#]/.test(container)) {
    throw invalid('expected azure://account/container or azure://account/container/prefix', location);
  }
  const prefix = rest.replace(/^\/+|\/+$/g, '');
  return { account, container, prefix: prefix === '' ? '' : `${prefix}/` };
}

/** The canonical form, so that equal places have equal texts. */
export function formatAzure({ account, container, prefix }: AzurePlace): string {
  return `azure://${account}/${container}${prefix === '' ? '' : `/${prefix.slice(0, -1)}`}`;
}

/** Compares texts by code point, which is also the order of their UTF-8 bytes. JavaScript compares UTF-16 units instead. */
export function compareCodePoints(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let at = 0; at < length; at++) {
    const [x, y] = [a.charCodeAt(at), b.charCodeAt(at)];
    if (x !== y) return rank(x) - rank(y);
  }
  return a.length - b.length;
}

/** Surrogates encode code points above all other units, so they sort last. */
function rank(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x1_0000 : unit;
}

function checkLocation(text: string): string {
  const location = text.trim();
  if (location.startsWith('azure:')) return formatAzure(parseAzure(location));
  if (location.startsWith('file:') && location.length > 'file:'.length) return location;
  throw invalid('expected file:/path or azure://account/container', location);
}

function invalid(expected: string, got: string): LeitmotifError {
  return new LeitmotifError('config-invalid', `${expected}, got "${withoutSecrets(got)}"`);
}
