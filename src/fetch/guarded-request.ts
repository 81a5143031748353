/** One GET over a connection to an allowed address only.
 *
 *  The name is resolved once, and the same address is checked and connected to, so DNS rebinding has no effect. Names are not
 *  checked: localhost, an octal number or a full-width digit all resolve to an address.
 *
 *  Uses Node's own client, not undici: when a server hangs up while undici 7 waits for a write, an assertion fails that cannot
 *  be caught, so any server could end the bot. @see https://github.com/nodejs/undici/issues/5360
 */
import { type LookupAddress, lookup } from 'node:dns';
import { once } from 'node:events';
import { type IncomingMessage, type RequestOptions, request } from 'node:http';
import { request as requestTls } from 'node:https';
import { connect, isIP, type LookupFunction, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { isOwnAddress, isPublicAddress } from './public-address.ts';

/** The network; tests replace it. */
export interface Network {
  resolve(hostname: string, done: (error: Error | null, addresses: readonly LookupAddress[]) => void): void;
  isAllowed(address: string): boolean;
}

export const publicNetwork: Network = {
  resolve: (hostname, done) => lookup(hostname, { all: true }, (error, addresses) => done(error, addresses ?? [])),
  isAllowed: (address) => isPublicAddress(address) && !isOwnAddress(address),
};

/** Rules for a trusted origin. */
export const unguardedNetwork: Network = { ...publicNetwork, isAllowed: () => true };

export class AddressRefusedError extends Error {
  override readonly name = 'AddressRefusedError';
}

/** Limit of informational answers. One or two are usual; each costs the parser time. */
const informationMax = 16;

export class TooManyHeadsError extends Error {
  override readonly name = 'TooManyHeadsError';
}

/** No cookie and no token is sent. `identity`, because a compressed answer could unpack to any size. */
const headers = {
  'user-agent': 'Leitmotif',
  accept: 'audio/*, */*;q=0.5',
  'accept-encoding': 'identity',
  connection: 'close',
};

/** @returns the answer as soon as its head has arrived; redirects are answers too. Destroy it to close the connection.
 *  @throws {AddressRefusedError} before anything was sent; what Node throws; the signal's reason */
export async function requestGuarded(url: URL, network: Network, signal: AbortSignal): Promise<IncomingMessage> {
  const outgoing = (url.protocol === 'https:' ? requestTls : request)(url, {
    headers,
    signal,
    // No agent: it would keep connections and reuse them for requests with other rules.
    createConnection: (_options, done) => {
      connectGuarded(url, network, signal).then(
        (socket) => done?.(null, socket),
        (error: Error) => done?.(error, undefined as never),
      );
      return undefined;
    },
  } satisfies RequestOptions);
  let informations = 0;
  outgoing.on('information', () => {
    if (++informations === informationMax) outgoing.destroy(new TooManyHeadsError());
  });
  outgoing.end();
  try {
    const [answer] = (await Promise.race([
      once(outgoing, 'response'),
      // An upgrade that was not requested, or a closed connection, instead of an answer.
      once(outgoing, 'close').then(() => {
        throw new Error('The connection was closed without an answer');
      }),
    ])) as [IncomingMessage];
    return answer;
  } catch (error) {
    outgoing.destroy();
    signal.throwIfAborted();
    throw error;
  }
}

async function connectGuarded(url: URL, network: Network, signal: AbortSignal): Promise<Socket> {
  const isTls = url.protocol === 'https:';
  const host = url.hostname.replace(/^\[|\]$/g, '');
  // An IP address is connected to without the resolver.
  if (isIP(host) !== 0 && !network.isAllowed(host)) throw new AddressRefusedError();
  const where = { host, port: Number(url.port || (isTls ? 443 : 80)), lookup: guardedLookup(network) };
  const socket = isTls ? connectTls({ ...where, ...(isIP(host) === 0 ? { servername: host } : {}) }) : connect(where);
  try {
    await once(socket, isTls ? 'secureConnect' : 'connect', { signal });
    if (socket.remoteAddress === undefined || !network.isAllowed(socket.remoteAddress)) throw new AddressRefusedError();
    return socket;
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

/** One forbidden address refuses the host name: an honest public server has no private addresses. */
function guardedLookup(network: Network): LookupFunction {
  return (hostname, options, callback) => {
    network.resolve(hostname, (error, addresses) => {
      const [first] = addresses;
      if (error) callback(error, '', 0);
      else if (!first || !addresses.every(({ address }) => network.isAllowed(address))) {
        callback(new AddressRefusedError(), '', 0);
      } else if (options.all) callback(null, [...addresses]);
      else callback(null, first.address, first.family);
    });
  };
}
