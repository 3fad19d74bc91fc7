import { inspect } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { KeyRingError } from './encryption.errors.js';
import { KeyRing } from './key-ring.js';

const NONE = { keys: undefined, appSecret: undefined, salt: undefined };
const bytes = Buffer.from(Array.from({ length: 32 }, (_, index) => index * 5 + 2));
const one = `k1:${bytes.toString('base64')}`;
const two = `k2:${Buffer.from(bytes).reverse().toString('base64url')}`;
const DERIVED = { appSecret: 'a secret written for this test only', salt: 'a salt written for this test' };

describe('the key ring', () => {
  it('encrypts with the first key and finds every key by its id', async () => {
    const ring = await KeyRing.load({ ...NONE, keys: `${two},${one}` });
    expect(ring.primary.id).toBe('k2');
    expect(ring.ids).toEqual(['k2', 'k1']);
    expect(ring.find('k1')?.master.export()).toEqual(bytes);
    expect(ring.find('k3')).toBeNull();
  });

  it('derives a key that writes and one that reads what was written with fewer rounds', async () => {
    const ring = await KeyRing.load({ ...NONE, ...DERIVED });
    expect(ring.ids).toEqual(['pbkdf2-600k', 'pbkdf2-480k']);
    expect(ring.find('pbkdf2-480k')?.master.export().toString('hex')).toMatch(/^4f2f85ae/);
  });

  it('puts given keys before derived ones, so that a deployment can move from one to the other', async () => {
    const ring = await KeyRing.load({ keys: one, ...DERIVED });
    expect(ring.ids).toEqual(['k1', 'pbkdf2-600k', 'pbkdf2-480k']);
  });

  it.each([
    [NONE, /There is no encryption key/],
    [{ ...NONE, keys: '' }, /There is no encryption key/],
    [{ ...NONE, appSecret: DERIVED.appSecret }, /ENCRYPTION_SALT is missing/],
    [{ ...NONE, salt: DERIVED.salt }, /APP_SECRET is missing/],
    [{ ...NONE, keys: 'k1' }, /ENCRYPTION_KEYS must be a list/],
    [{ ...NONE, keys: one.slice(0, -8) }, /ENCRYPTION_KEYS must hold keys of 32 bytes/],
    [{ ...NONE, keys: `${one},${one}` }, /has the id "k1"/],
    [{ ...NONE, keys: `${one},k9:${one.slice(3)}` }, /same bytes as the key "k1"/],
    [{ ...NONE, keys: `k1:${Buffer.alloc(32).toString('base64')}` }, /all bytes are the same/],
  ])('refuses %j, without a word of a key', async (settings, reason) => {
    const refusal = await KeyRing.load(settings).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(KeyRingError);
    expect(String(refusal)).toMatch(reason);
    expect(String(refusal)).not.toContain(one.slice(3, 12));
  });

  it('refuses a given key that is the derived one under another name', async () => {
    const derived = await KeyRing.load({ ...NONE, ...DERIVED });
    const keys = `mine:${derived.primary.master.export().toString('base64')}`;
    await expect(KeyRing.load({ keys, ...DERIVED })).rejects.toThrow(/"pbkdf2-600k" has the same bytes/);
  });

  it('does not print its keys', async () => {
    const ring = await KeyRing.load({ ...NONE, keys: one });
    const printed = inspect(ring, { depth: 10, showHidden: true }) + JSON.stringify(ring);
    expect(printed).toContain('k1');
    for (const form of ['base64', 'base64url', 'hex'] as const)
      expect(printed).not.toContain(bytes.toString(form).slice(0, 12));
    expect(printed).not.toMatch(/02 07 0c/);
  });
});
