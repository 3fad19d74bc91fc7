import { isIP } from 'node:net';

/** The longest text of an IPv6 address, with an IPv4 one at its end. */
const MAX_ADDRESS_LENGTH = 45;

/** What a session keeps of where it came from. **Shape**: an IP address; null for anything else that a proxy may say. */
export function storedAddress(address: string): string | null {
  const [bare = ''] = address.split('%', 1);
  return isIP(bare) !== 0 && bare.length <= MAX_ADDRESS_LENGTH ? bare : null;
}
