import { describe, expect, it } from '@jest/globals';
import { isPlaceholder, isSampleValue } from './sample-values.js';

describe('a sample value', () => {
  it.each([
    'changeme',
    'Change-Me!',
    'CHANGE_ME_PLEASE',
    'replace-me-with-32-bytes',
    'secret',
    'Secret123',
    'password1234',
    'aaaaaaaaaaaaaaaa',
    '0000000000000000',
    '1234567890',
    'admin',
    '<your-secret>',
  ])('%s is one', (value) => {
    expect(isSampleValue(value)).toBe(true);
  });

  it.each(['correct horse battery staple', 'x8F!kd92-Lq0z', 'secretary of the board', 'unchangeable-me'])(
    '%s is none',
    (value) => {
      expect(isSampleValue(value)).toBe(false);
    },
  );

  it('of a database is only one that says so: a weak password on loopback is its owner’s choice', () => {
    expect(isPlaceholder('replace-me')).toBe(true);
    expect(isPlaceholder('postgres')).toBe(false);
    expect(isPlaceholder('password')).toBe(false);
  });
});
