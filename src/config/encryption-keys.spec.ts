import { describe, expect, it } from '@jest/globals';
import { readEncryptionKeys } from './encryption-keys.js';

const bytes = Uint8Array.from({ length: 32 }, (_, index) => index * 7 + 1);
const key = Buffer.from(bytes).toString('base64');
const other = Buffer.from(bytes.map((byte) => byte ^ 0xff)).toString('base64');

describe('ENCRYPTION_KEYS', () => {
  it('keeps the order, the first being the one that encrypts', () => {
    expect(readEncryptionKeys(`k2:${other}, k1:${key}`)).toEqual([
      { id: 'k2', bytes: bytes.map((byte) => byte ^ 0xff) },
      { id: 'k1', bytes },
    ]);
  });

  it('reads both alphabets, padded or not', () => {
    const url = Buffer.from(bytes.map((byte) => byte | 0xf8)).toString('base64url');
    expect(url).toMatch(/[-_]/);
    const standard = url.replace(/-/g, '+').replace(/_/g, '/');
    const expected = [{ id: 'k', bytes: bytes.map((byte) => byte | 0xf8) }];
    for (const text of [url, `${url}=`, standard, `${standard}=`]) {
      expect(readEncryptionKeys(`k:${text}`)).toEqual(expected);
    }
  });

  it.each([
    ['', /list of id:base64/],
    ['just-text', /list of id:base64/],
    [`k1:${key}:x`, /list of id:base64/],
    [`k1:${key},`, /list of id:base64.*key 2 of the list/],
    [`:${key}`, /an id of 1 to 32/],
    [`K1:${key}`, /an id of 1 to 32/],
    [`a.b:${key}`, /an id of 1 to 32/],
    [`${'k'.repeat(33)}:${key}`, /an id of 1 to 32/],
    [`pbkdf2-600k:${key}`, /kept for keys derived/],
    [`k1:${key.slice(0, 22)}`, /32 bytes|in base64/],
    [`k1:${key}${key}`, /base64|32 bytes/],
    [`k1:${Buffer.alloc(31, 'ab').toString('base64')}`, /32 bytes/],
    [`k1:${Buffer.alloc(33, 'ab').toString('base64')}`, /32 bytes/],
    [`k1:${Buffer.alloc(32).toString('base64')}`, /all bytes are the same/],
    [`k1:${Buffer.alloc(32, 0xff).toString('base64')}`, /all bytes are the same|sample/],
    ['k1:replace-me-with-32-bytes-in-base64', /sample value/],
    [`k1:${key.replace('A', '!')}`, /in base64/],
    [`k1:${key} `.replace('=', ' ='), /in base64/],
    [`k1:${key},k1:${other}`, /key 2 of the list has the id "k1"/],
    [`k1:${key},k2:${key}`, /key 2 of the list has the same bytes as the key "k1"/],
  ])('refuses %j', (text, reason) => {
    const answer = readEncryptionKeys(text);
    expect(answer).toMatch(reason);
    expect(answer).not.toContain(key.slice(0, 8));
  });
});
