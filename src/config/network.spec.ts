import { describe, expect, it } from '@jest/globals';
import { hostProblem, isLoopback, originProblem, proxyProblem } from './network.js';

describe('a host', () => {
  it.each(['127.0.0.1', '127.1.2.3', '::1', 'localhost', 'LOCALHOST', 'localhost.', '::ffff:127.0.0.1'])(
    '%s is this machine',
    (host) => {
      expect(isLoopback(host)).toBe(true);
    },
  );

  it.each([
    '0.0.0.0',
    '::',
    '10.0.0.1',
    '128.0.0.1',
    'localhost.example.com',
    'example.com',
    '127.0.0.1.example.com',
  ])('%s is not only this machine', (host) => {
    expect(isLoopback(host)).toBe(false);
  });

  it.each(['0.0.0.0', '::', 'example.com', 'db', 'db-1.internal'])('%s can be listened on', (host) => {
    expect(hostProblem(host)).toBeNull();
  });

  it.each([
    'http://x',
    'a:3000',
    '[::1]',
    '1.2.3',
    '256.1.1.1',
    'a b',
    '-a',
    'a..b',
    `${'a'.repeat(64)}.b`,
    '*',
  ])('%s is refused', (host) => {
    expect(hostProblem(host)).toMatch(/IP address or a host name/);
  });
});

describe('an origin', () => {
  it.each([
    'https://app.example.com',
    'http://localhost:5173',
    'https://xn--bcher-kva.example',
    'http://[::1]:3000',
  ])('%s is taken', (origin) => {
    expect(originProblem(origin)).toBeNull();
  });

  it.each([
    '*',
    'https://*.example.com',
    'https://a.example/',
    'https://a.example/x',
    'a.example',
    'ftp://a.example',
    'null',
    'https://a.example:443',
    'https://A.example',
    'https://user@a.example',
    'file:///x',
  ])('%s is refused', (origin) => {
    expect(originProblem(origin)).toEqual(expect.any(String));
  });
});

describe('a trusted proxy', () => {
  it.each(['10.0.0.1', '10.0.0.0/8', '::1', 'fd00::/8', '192.168.1.1/32'])('%s is taken', (proxy) => {
    expect(proxyProblem(proxy)).toBeNull();
  });

  it.each([
    '0.0.0.0/0',
    '::/0',
    '10.0.0.0/33',
    'fd00::/129',
    '10.0.0.0/',
    '10.0.0.0/x',
    '10.0.0.0/8/8',
    'proxy.local',
    'loopback',
    '10.0.0.0/-1',
  ])('%s is refused', (proxy) => {
    expect(proxyProblem(proxy)).toEqual(expect.any(String));
  });
});
