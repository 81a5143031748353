/** Which workers EMBEDDING_WORKER_URL names: each address of a host name is one, as with Docker Compose's replicas and Kubernetes'
 *  headless services. */
import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';

export interface WorkerTarget {
  /** As configured, for the path, TLS and the Host header. */
  readonly url: string;
  /** Where to connect; null: to the URL's own host. */
  readonly address: string | null;
  /** For messages and logs. */
  readonly name: string;
}

export interface ResolvedAddress {
  readonly address: string;
  readonly family: number;
}

/** @returns all addresses of a host name @throws when there is none, or the resolver does not answer */
export type Resolve = (hostname: string) => Promise<readonly ResolvedAddress[]>;

/** The system's resolver, which knows the hosts file and the DNS of containers. */
const resolveBySystem: Resolve = (hostname) => lookup(hostname, { all: true });

/** Whether the URL's host is a name, whose addresses may change. */
export function hasHostName(url: string): boolean {
  return isIP(hostOf(url)) === 0;
}

/** @returns one target for each address of each URL. A name that cannot be resolved gives one target without an address: connecting to
 *    it then reports the resolver's error. */
export async function workerTargets(
  urls: readonly string[],
  resolve: Resolve = resolveBySystem,
): Promise<WorkerTarget[]> {
  const found = await Promise.all(urls.map((url) => targetsOf(url, resolve)));
  return found.flat();
}

async function targetsOf(url: string, resolve: Resolve): Promise<WorkerTarget[]> {
  const itself = { url, address: null, name: url };
  if (!hasHostName(url)) return [itself];
  const all = await resolve(hostOf(url)).catch(() => []);
  // A machine often has addresses of both families: they are not two workers.
  const family = all.some((each) => each.family === 4) ? 4 : 6;
  const addresses = new Set(all.filter((each) => each.family === family).map(({ address }) => address));
  if (addresses.size === 0) return [itself];
  return [...addresses].sort().map((address) => ({ url, address, name: `${url} (${address})` }));
}

/** Without the brackets of an IPv6 address. */
function hostOf(url: string): string {
  return new URL(url).hostname.replace(/^\[|\]$/g, '');
}
