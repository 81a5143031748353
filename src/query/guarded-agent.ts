/** Connections that reach only whom they may: undici with a guard on the socket.
 *
 *  The resolver is asked once, and what it answered is both judged and connected to, so a name that answers otherwise the
 *  second time (DNS rebinding) gains nothing. Names are not judged: localhost, a number in octal or a full-width digit
 *  all end as an address.
 */
import { type LookupAddress, lookup } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import { Agent, buildConnector } from 'undici';
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

export class AddressRefusedError extends Error {
  override readonly name = 'AddressRefusedError';
}

export type GuardedAgent = Pick<Agent, 'request' | 'destroy'>;

const connectTimeoutMs = 10_000;

/** @param network null: no guard, for an origin that is trusted
 *  @returns an agent for one request: it makes one connection and keeps no session. Requests throw AddressRefusedError. */
export function createGuardedAgent(network: Network | null): GuardedAgent {
  return new Agent({
    connections: 1,
    pipelining: 0,
    connect: network ? guardedConnector(network) : { timeout: connectTimeoutMs },
  });
}

function guardedConnector(network: Network): buildConnector.connector {
  const connect = buildConnector({ timeout: connectTimeoutMs, maxCachedSessions: 0, lookup: guardedLookup(network) });
  return (options, callback) => {
    // A number is connected to without asking a resolver.
    if (isIP(options.hostname) !== 0 && !network.isAllowed(options.hostname)) {
      callback(new AddressRefusedError(), null);
      return;
    }
    connect(options, (...[error, socket]) => {
      if (error) {
        callback(error, null);
      } else if (socket.remoteAddress !== undefined && network.isAllowed(socket.remoteAddress)) {
        callback(null, socket);
      } else {
        socket.destroy();
        callback(new AddressRefusedError(), null);
      }
    });
  };
}

/** One address that is not allowed spoils the name: an honest public server has no private ones beside it. */
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
