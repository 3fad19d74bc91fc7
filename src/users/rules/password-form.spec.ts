import { describe, expect, it } from '@jest/globals';
import { passwordFormProblem, readablePassword } from './password-form.js';

const LONE_SURROGATE = 'twelve chars\uD800';

describe('the form of a password', () => {
  it.each([
    ['nothing', ''],
    ['eleven characters', 'abcdefghijk'],
    ['eleven characters of two code units each', '😀'.repeat(11)],
    ['six letters whose accents are code points of their own', 'e\u0301'.repeat(6)],
  ])('is too short with %s', (_, password) => {
    expect(passwordFormProblem(password)).toBe('must have at least 12 characters');
  });

  it.each([
    ['129 characters', 'x'.repeat(129)],
    ['10,000 characters', 'x'.repeat(10_000)],
    ['129 characters of two code units each', '😀'.repeat(129)],
  ])('is too long with %s', (_, password) => {
    expect(passwordFormProblem(password)).toBe('must have at most 128 characters');
    expect(readablePassword(password)).toBeNull();
  });

  it.each([
    ['12 characters', 'x'.repeat(12)],
    ['128 characters', 'x'.repeat(128)],
    ['128 characters of two code units each', '😀'.repeat(128)],
    ['128 letters whose accents are code points of their own', 'e\u0301'.repeat(128)],
    ['blanks and control characters', ' \t\n\u0007 blanks '],
  ])('is fine with %s', (_, password) => {
    expect(passwordFormProblem(password)).toBeNull();
    expect(readablePassword(password)).not.toBeNull();
  });

  it.each([
    ['U+0000', 'twelve\0characters'],
    ['half of a surrogate pair', LONE_SURROGATE],
  ])('is refused with %s', (_, password) => {
    expect(passwordFormProblem(password)).toBe('must be well-formed text without U+0000');
    expect(readablePassword(password)).toBeNull();
  });

  it('takes both ways to write é for the same, and lets look-alikes differ', () => {
    expect(readablePassword('cafe\u0301 con leche')).toBe(readablePassword('caf\u00e9 con leche'));
    expect(readablePassword('\ufb01ve words here')).not.toBe(readablePassword('five words here'));
  });
});
