import { describe, expect, it } from '@jest/globals';
import { withoutSecrets } from './without-secrets.js';

describe('a log line', () => {
  it.each([
    ['at its top', { token: 'SECRET' }],
    ['in a member', { body: { password: 'SECRET' } }],
    ['deeper', { a: { b: { c: { apiKey: 'SECRET' } } } }],
    ['deeper than anyone looks', { a: { b: { c: { d: { e: { f: 'SECRET' } } } } } }],
    ['in a list', { sessions: [{ id: 1 }, { refreshToken: 'SECRET' }] }],
    [
      'in a header, however it is written',
      { headers: { Authorization: 'SECRET', 'X-Session-Id': 'SECRET' } },
    ],
  ])('hides a secret %s', (_, line) => {
    expect(JSON.stringify(withoutSecrets(line))).not.toContain('SECRET');
    expect(JSON.stringify(withoutSecrets(line))).toContain('[redacted]');
    expect(JSON.stringify(line)).toContain('SECRET');
  });

  it('keeps what is beside a secret', () => {
    expect(withoutSecrets({ user: { id: 7, token: 'SECRET' }, took: 3 })).toEqual({
      user: { id: 7, token: '[redacted]' },
      took: 3,
    });
  });

  it('is not copied when there is nothing to hide', () => {
    const line = { user: { id: 7 }, list: [1, { two: 2 }], nothing: null };
    expect(withoutSecrets(line)).toBe(line);
  });
});
