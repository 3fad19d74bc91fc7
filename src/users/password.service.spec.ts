import { beforeEach, describe, expect, it, jest } from '@jest/globals';

const argon2 = {
  hash: jest.fn(async (password: string, options: { memoryCost: number }) => {
    return `hash of ${password} with ${options.memoryCost}`;
  }),
  verify: jest.fn(async (stored: string, password: string) => stored.startsWith(`hash of ${password} with`)),
  parseOptions: jest.fn(),
};
jest.unstable_mockModule('@node-rs/argon2', () => argon2);
const { PasswordService } = await import('./password.service.js');

const PASSWORD = 'correct horse 9 battery';
const STORED = `hash of ${PASSWORD} with 19456`;

describe('checking a password', () => {
  const passwords = new PasswordService();

  beforeEach(async () => {
    await passwords.onModuleInit();
    argon2.verify.mockClear();
  });

  it.each([
    ['the right one', STORED, PASSWORD, true],
    ['a wrong one', STORED, 'wrong', false],
    ['one that is too long', STORED, 'x'.repeat(10_000), false],
    ['one with U+0000', STORED, `${PASSWORD}\0`, false],
    ['none', STORED, '', false],
    ['one of an account that is not there', null, PASSWORD, false],
    ['one too long of an account that is not there', null, 'x'.repeat(129), false],
  ])('costs one comparison with a hash of today’s parameters for %s', async (_, stored, password, right) => {
    expect(await passwords.matches(stored, password)).toBe(right);
    expect(argon2.verify).toHaveBeenCalledTimes(1);
    const [compared, shown] = argon2.verify.mock.calls[0] ?? [];
    expect(compared).toMatch(/ with 19456$/);
    expect(shown?.length).toBeLessThanOrEqual(128);
  });

  it('never takes what stands in for a missing account for its password', async () => {
    const [decoy] = argon2.hash.mock.calls.at(-1) ?? [];
    expect(await passwords.matches(null, String(decoy))).toBe(false);
    expect(await passwords.matches(null, await argon2.hash(String(decoy), { memoryCost: 19_456 }))).toBe(
      false,
    );
  });

  it('goes on two at a time', async () => {
    let running = 0;
    let most = 0;
    argon2.verify.mockImplementation(async () => {
      most = Math.max(most, ++running);
      await new Promise((resolve) => setImmediate(resolve));
      running--;
      return false;
    });
    await Promise.all(Array.from({ length: 20 }, async () => passwords.matches(STORED, PASSWORD)));
    expect(most).toBe(2);
  });
});
