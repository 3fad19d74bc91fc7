import { expect, it } from '@jest/globals';
import { storedAddress } from './stored-address.js';

it.each([
  ['192.0.2.1', '192.0.2.1'],
  ['2001:db8::1', '2001:db8::1'],
  ['fe80::1%eth0', 'fe80::1'],
  ['unknown', null],
  ['', null],
  ['x'.repeat(10_000), null],
  [`2001:db8::1%${'x'.repeat(100)}`, '2001:db8::1'],
])('of %j a session keeps %j', (address, kept) => {
  expect(storedAddress(address)).toBe(kept);
});
