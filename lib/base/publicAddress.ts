import { BlockList, isIP } from 'node:net';

/**
 * Addresses that nobody on the internet has: of this machine, of a network of its own, of a cloud's metadata, of examples, and
 * of groups.
 * https://www.iana.org/assignments/iana-ipv4-special-registry and https://www.iana.org/assignments/iana-ipv6-special-registry
 */
const SPECIAL = new BlockList();
for (const [network, prefix] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
] as const)
  SPECIAL.addSubnet(network, prefix, 'ipv4');
for (const [network, prefix] of [
  // Of protocols: Teredo among them, which reaches IPv4, whichever address is inside.
  ['2001::', 23],
  ['2001:db8::', 32],
  // 6to4 reaches IPv4, too.
  ['2002::', 16],
  ['3fff::', 20],
] as const)
  SPECIAL.addSubnet(network, prefix, 'ipv6');

/**
 * The addresses of IPv6 that are given to anybody. All others are of a machine, a network or a translation to IPv4, or of nobody.
 * https://www.iana.org/assignments/ipv6-address-space
 */
const UNICAST = new BlockList();
UNICAST.addSubnet('2000::', 3, 'ipv6');

/** Whether an IP address is one of the internet. A text that is no address is none. */
export function isPublicAddress(address: string): boolean {
  const family = isIP(address);
  if (family === 6) return UNICAST.check(address, 'ipv6') && !SPECIAL.check(address, 'ipv6');
  return family === 4 && !SPECIAL.check(address, 'ipv4');
}
