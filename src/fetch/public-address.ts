/** Decides which addresses an untrusted link may reach: those of the public internet only. */
import { isIP } from 'node:net';
import { networkInterfaces } from 'node:os';
import ipaddr from 'ipaddr.js';

/** The only IPv6 block assigned to the public internet. All others are local or contain an IPv4 address (mapped, compatible,
 *  NAT64) that would need another check. @see RFC 4291, section 2.4 */
const globalUnicast = ipaddr.parseCIDR('2000::/3') as [ipaddr.IPv6, number];

/** Azure's host agent: a public-looking address that answers every virtual machine.
 *  @see https://learn.microsoft.com/azure/virtual-network/what-is-ip-address-168-63-129-16 */
const cloudHosts = ['168.63.129.16'];

/** @param address an IPv4 or IPv6 address as a socket or a resolver gives it; anything else is not public */
export function isPublicAddress(address: string): boolean {
  if (isIP(address) === 0 || cloudHosts.includes(address)) return false;
  const parsed = ipaddr.parse(address);
  // In ipaddr.js, `unicast` excludes all special blocks: loopback, private, link-local, shared (CGNAT), multicast, reserved,
  // documentation, and 6to4 and Teredo, which contain an IPv4 address.
  if (parsed.range() !== 'unicast') return false;
  return parsed.kind() === 'ipv4' || (parsed as ipaddr.IPv6).match(globalUnicast);
}

/** Whether the address is one of this machine: through its own public address, services behind its firewall are reachable. */
export function isOwnAddress(address: string): boolean {
  return Object.values(networkInterfaces()).some((each) => each?.some((own) => own.address === address));
}
