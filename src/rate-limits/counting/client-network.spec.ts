import { describe, expect, it } from '@jest/globals';
import { networkOf, NO_NETWORK } from './client-network.js';

describe('the network that an address counts as', () => {
  it.each([
    ['an IPv4 address itself', '192.0.2.7', '192.0.2.7'],
    ['IPv4 in IPv6 the same', '::ffff:192.0.2.7', '192.0.2.7'],
    ['and so in hexadecimal', '::FFFF:C000:207', '192.0.2.7'],
    ['64 bits of IPv6', '2001:db8:1:2:aaaa:bbbb:cccc:dddd', '2001:db8:1:2::/64'],
    ['the same for its neighbour', '2001:db8:1:2::1', '2001:db8:1:2::/64'],
    ['the same with zeros written out', '2001:0DB8:0001:0002:0:0:0:1', '2001:db8:1:2::/64'],
    ['another for the next network', '2001:db8:1:3::1', '2001:db8:1:3::/64'],
    ['zeros inside the network', '2001:db8::1', '2001:db8:0:0::/64'],
    ['loopback', '::1', '0:0:0:0::/64'],
    ['an address with its zone', 'fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['an address with the port that a proxy adds', '192.0.2.7:51234', '192.0.2.7'],
    ['the same for IPv6', '[2001:db8:1:2::9]:51234', '2001:db8:1:2::/64'],
  ])('is %s', (_what, address, network) => {
    expect(networkOf(address)).toBe(network);
  });

  it.each([
    [undefined],
    [''],
    ['unknown'],
    ['192.0.2'],
    ['192.0.2.256'],
    ['example.org'],
    ['::1, 192.0.2.7'],
    ['[x]:1'],
  ])('is one for all that have none: %s', (address) => {
    expect(networkOf(address)).toBe(NO_NETWORK);
  });
});
