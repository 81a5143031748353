/** One GET over a connection that reaches only whom it may.
 *
 *  The resolver is asked once, and what it answered is both judged and connected to, so a name that answers otherwise the
 *  second time (DNS rebinding) gains nothing. Names are not judged: localhost, a number in octal or a full-width digit
 *  all end as an address.
 *
 *  Node's own client, not undici: whoever hangs up while undici 7 waits for us to write makes it fail an assertion that
 *  nobody can catch, and every stranger could end the bot. @see https://github.com/nodejs/undici/issues/5360
 */
import { type LookupAddress, lookup } from 'node:dns';
import { once } from 'node:events';
import { type IncomingMessage, type RequestOptions, request } from 'node:http';
import { request as requestTls } from 'node:https';
import { connect, isIP, type LookupFunction, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { isOwnAddress, isPublicAddress } from './public-address.ts';

/** The world outside: tests have one of their own. */
export interface Network {
  resolve(hostname: string, done: (error: Error | null, addresses: readonly LookupAddress[]) => void): void;
  isAllowed(address: string): boolean;
}

export const publicNetwork: Network = {
  resolve: (hostname, done) => lookup(hostname, { all: true }, (error, addresses) => done(error, addresses ?? [])),
  isAllowed: (address) => isPublicAddress(address) && !isOwnAddress(address),
};

/** For an origin that is trusted. */
export const unguardedNetwork: Network = { ...publicNetwork, isAllowed: () => true };

export class AddressRefusedError extends Error {
  override readonly name = 'AddressRefusedError';
}

/** One or two "continue" or "early hints" are usual; each costs a turn of the parser. */
const informationMax = 16;

export class TooManyHeadsError extends Error {
  override readonly name = 'TooManyHeadsError';
}

/** Nothing of ours goes along, no cookie and no token. `identity`: a compressed answer could unpack to any size. */
const headers = {
  'user-agent': 'Leitmotif',
  accept: 'audio/*, */*;q=0.5',
  'accept-encoding': 'identity',
  connection: 'close',
};

/** @returns the answer once its head is there; redirects are answers too. Destroy it to cut the connection.
 *  @throws {AddressRefusedError} before anything was sent; what Node throws; the signal's reason */
export async function requestGuarded(url: URL, network: Network, signal: AbortSignal): Promise<IncomingMessage> {
  const asked = (url.protocol === 'https:' ? requestTls : request)(url, {
    headers,
    signal,
    // No agent: it would keep connections, and lend them to requests that were judged otherwise.
    createConnection: (_options, done) => {
      connectGuarded(url, network, signal).then(
        (socket) => done?.(null, socket),
        (error: Error) => done?.(error, undefined as never),
      );
      return undefined;
    },
  } satisfies RequestOptions);
  let informations = 0;
  asked.on('information', () => {
    if (++informations === informationMax) asked.destroy(new TooManyHeadsError());
  });
  asked.end();
  try {
    const [answer] = (await Promise.race([
      once(asked, 'response'),
      // Instead of an answer: an upgrade that nobody asked for, or nothing at all.
      once(asked, 'close').then(() => {
        throw new Error('The connection was closed without an answer');
      }),
    ])) as [IncomingMessage];
    return answer;
  } catch (error) {
    asked.destroy();
    signal.throwIfAborted();
    throw error;
  }
}

async function connectGuarded(url: URL, network: Network, signal: AbortSignal): Promise<Socket> {
  const isTls = url.protocol === 'https:';
  const host = url.hostname.replace(/^\[|\]$/g, '');
  // A number is connected to without asking a resolver.
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
