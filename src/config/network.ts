import { BlockList, isIP } from 'node:net';

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

/** True when nothing but this machine can be at the other end: a loopback address or `localhost`. */
export function isLoopback(host: string): boolean {
  const name = host.toLowerCase().replace(/\.$/, '');
  if (name === 'localhost') return true;
  const family = isIP(name);
  return family !== 0 && loopback.check(name, family === 6 ? 'ipv6' : 'ipv4');
}

/** What is wrong with a host to listen on; null when nothing is. */
export function hostProblem(host: string): string | null {
  if (isIP(host) !== 0) return null;
  // Digits and dots that are no address are a mistyped address, although DNS would allow the name.
  const labels = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/i;
  return host.length <= 253 && labels.test(host) && !/^[\d.]+$/.test(host)
    ? null
    : 'must be an IP address or a host name, without scheme, port or brackets';
}

/**
 * What is wrong with a browser origin; null when nothing is.
 *
 * **Why** so strict: an origin is compared as text with what the browser sends, so a path or a trailing slash never
 * matches, and `*` would let every page on the web read answers.
 */
export function originProblem(origin: string): string | null {
  if (origin.includes('*')) return 'must name each origin in full; a wildcard is refused';
  const url = URL.canParse(origin) ? new URL(origin) : null;
  if (url === null || !['http:', 'https:'].includes(url.protocol)) {
    return 'must hold origins like https://app.example.com, separated by commas';
  }
  return url.origin === origin ? null : `must hold origins only, without path or slash: ${url.origin}`;
}

/**
 * What is wrong with a trusted proxy; null when nothing is.
 *
 * **Why** a prefix of 0 is refused: it would let every client choose the address it is seen under.
 */
export function proxyProblem(proxy: string): string | null {
  const [address = '', prefix, ...rest] = proxy.split('/');
  const bits = isIP(address) === 6 ? 128 : 32;
  const wellFormed = isIP(address) !== 0 && rest.length === 0;
  if (!wellFormed || (prefix !== undefined && !(/^\d{1,3}$/.test(prefix) && Number(prefix) <= bits))) {
    return 'must hold IP addresses or ranges like 10.0.0.0/8, separated by commas';
  }
  return prefix !== undefined && Number(prefix) === 0 ? 'must not trust every address there is' : null;
}
