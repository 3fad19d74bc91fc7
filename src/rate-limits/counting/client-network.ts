import { isIP } from 'node:net';

/** What all clients without a usable address count as, together: not to be seen must not be a way around a limit. */
export const NO_NETWORK = 'none';

const IPV6_GROUPS = 8;
const IPV6_NETWORK_GROUPS = 4;

/**
 * What a client's address counts as: itself for IPv4, its network of 64 bits for IPv6, because that much is given to one
 * customer, who may use a new address for each request.
 *
 * **Shape**: one text for each network, however the address was written; {@link NO_NETWORK} for what is no address. Some
 * proxies add the client's port, which is left out.
 */
export function networkOf(address: string | undefined): string {
  const plain = withoutPort((address ?? '').trim());
  // fe80::1%eth0: the zone says where the address is valid, not whose it is.
  const bare = plain.split('%', 1)[0] ?? '';
  switch (isIP(bare)) {
    case 4:
      return bare;
    case 6:
      return ipv6Network(bare);
    default:
      return NO_NETWORK;
  }
}

function withoutPort(address: string): string {
  return /^\[([^\]]+)\](?::\d+)?$/.exec(address)?.[1] ?? /^([\d.]+):\d+$/.exec(address)?.[1] ?? address;
}

function ipv6Network(address: string): string {
  const groups = expand(address);
  const mapped = groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xff_ff;
  if (mapped) {
    const [high = 0, low = 0] = groups.slice(6);
    return [high >> 8, high & 0xff, low >> 8, low & 0xff].join('.');
  }
  const network = groups.slice(0, IPV6_NETWORK_GROUPS).map((group) => group.toString(16));
  return `${network.join(':')}::/64`;
}

/** The eight numbers of an IPv6 address. The URL parser writes any spelling the same way, dotted ends included. */
function expand(address: string): readonly number[] {
  const { hostname } = new URL(`http://[${address}]/`);
  const [head = '', tail] = hostname.slice(1, -1).split('::');
  const numbers = (text: string): number[] =>
    text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16));
  const start = numbers(head);
  if (tail === undefined) return start;
  const end = numbers(tail);
  return [...start, ...Array<number>(IPV6_GROUPS - start.length - end.length).fill(0), ...end];
}
