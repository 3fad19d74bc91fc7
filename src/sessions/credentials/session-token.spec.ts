import { describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import { v7 as uuidv7 } from 'uuid';
import { sha256 } from '../../encryption/secrets.js';
import { fitsSecret, makeToken, parseToken } from './session-token.js';

describe('a session token', () => {
  it('gives back the id that it was made for, and a secret whose SHA-256 is stored', () => {
    const id = uuidv7();
    const { token, hash } = makeToken(id);
    const parsed = parseToken(token);
    expect(parsed?.id).toBe(id);
    expect(sha256(parsed?.secret ?? '')).toEqual(hash);
    expect(token).not.toContain(hash.toString('base64url'));
  });

  it('is a new one each time, of 256 random bits', () => {
    const id = uuidv7();
    const secrets = Array.from({ length: 10_000 }, () => parseToken(makeToken(id).token)?.secret ?? '');
    expect(new Set(secrets).size).toBe(10_000);
    expect(secrets.every((secret) => Buffer.from(secret, 'base64url').length === 32)).toBe(true);
  });

  it('has one text: no other of its length with the same bytes is taken', () => {
    const { token } = makeToken('ffffffff-ffff-7fff-bfff-ffffffffffff');
    // The last character of the id has four bits that stand for nothing.
    const other = `${token.slice(0, 21)}x${token.slice(22)}`;
    expect(Buffer.from(other.slice(0, 22), 'base64url')).toEqual(
      Buffer.from(token.slice(0, 22), 'base64url'),
    );
    expect(parseToken(other)).toBeNull();
  });

  it('is refused when it is cut, longer, or made of anything else', () => {
    const { token } = makeToken(uuidv7());
    for (let length = 0; length < token.length; length++)
      expect(parseToken(token.slice(0, length))).toBeNull();
    for (const text of [`${token}A`, token.replace('.', ':'), ` ${token}`, `${token}\n`, 'x'.repeat(10_240)])
      expect(parseToken(text)).toBeNull();
    fc.assert(fc.property(fc.string(), (text) => parseToken(text) === null));
  });
});

describe('the comparison of a secret', () => {
  const { token, hash } = makeToken(uuidv7());
  const secret = parseToken(token)?.secret ?? '';

  it('fits its own hash and no other', () => {
    expect(fitsSecret(secret, hash)).toBe(true);
    expect(fitsSecret(secret, sha256('another'))).toBe(false);
    expect(fitsSecret('another', hash)).toBe(false);
  });

  it('does the same work where there is no session', async () => {
    jest.resetModules();
    const compared: string[] = [];
    jest.unstable_mockModule('../../encryption/secrets.js', () => ({
      generateSecret: () => '',
      sha256,
      isSha256Of: (digest: Uint8Array, text: string) => {
        compared.push(`${digest.length} ${text}`);
        return true;
      },
    }));
    const watched = await import('./session-token.js');
    expect([watched.fitsSecret(secret, hash), watched.fitsSecret(secret, null)]).toEqual([true, false]);
    expect(compared).toEqual([`32 ${secret}`, `32 ${secret}`]);
  });
});
