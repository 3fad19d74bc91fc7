import { createHmac, createSecretKey, pbkdf2Sync } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { deriveFromSecret, deriveSubkey, LEGACY_PBKDF2_ROUNDS, PBKDF2_ROUNDS } from './key-derivation.js';

describe('a key from a secret', () => {
  // RFC 7914, section 11, whose 64 bytes begin with the 32 that a key of 32 bytes has.
  it.each([
    {
      secret: 'passwd',
      salt: 'salt',
      rounds: 1,
      key: '55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc',
    },
    {
      secret: 'Password',
      salt: 'NaCl',
      rounds: 80_000,
      key: '4ddcd8f60b98be21830cee5ef22701f9641a4418d04c0414aeff08876b34ab56',
    },
  ])('is PBKDF2-HMAC-SHA256: $rounds rounds', async ({ key, ...input }) => {
    expect((await deriveFromSecret(input)).export().toString('hex')).toBe(key);
  });

  // Made with PBKDF2HMAC of Python's cryptography 38.0.4.
  it.each([
    [LEGACY_PBKDF2_ROUNDS, '4f2f85aee1bac98d971ef8f7edac49f1d1311bd3e20b00474418a5fb8060296f'],
    [PBKDF2_ROUNDS, '20045cbd125ec9e09570344644c9159153228044ad47fb69401a25aa76a86fe8'],
  ])('is what other software derives with %d rounds', async (rounds, key) => {
    const input = {
      secret: 'a secret written for this test only',
      salt: 'a salt written for this test',
      rounds,
    };
    expect((await deriveFromSecret(input)).export().toString('hex')).toBe(key);
  });

  it('does not hold up the event loop', async () => {
    let ticks = 0;
    const ticker = setInterval(() => (ticks += 1), 5);
    await deriveFromSecret({ secret: 'a', salt: 'b', rounds: PBKDF2_ROUNDS });
    clearInterval(ticker);
    expect(ticks).toBeGreaterThan(0);
    // The control: derived on this thread, no timer gets its turn.
    let blocked = 0;
    const control = setInterval(() => (blocked += 1), 5);
    pbkdf2Sync('a', 'b', PBKDF2_ROUNDS, 32, 'sha256');
    clearInterval(control);
    expect(blocked).toBe(0);
  });
});

describe('a key for one use', () => {
  it('is HKDF-SHA256', () => {
    // RFC 5869, appendix A.3: no salt, no info; the first 32 of its 42 bytes.
    const master = createSecretKey(Buffer.alloc(22, 0x0b));
    expect(deriveSubkey(master, '').export().toString('hex')).toBe(
      '8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d',
    );
  });

  it('is HKDF-SHA256 for every label, step by step', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), fc.string(), (bytes, label) => {
        const extracted = createHmac('sha256', Buffer.alloc(32)).update(bytes).digest();
        const expanded = createHmac('sha256', extracted).update(label).update(Uint8Array.of(1)).digest();
        expect(deriveSubkey(createSecretKey(bytes), label).export()).toEqual(expanded);
      }),
    );
  });
});
