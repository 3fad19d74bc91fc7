import { describe, expect, it } from '@jest/globals';
import { CurrentKeys } from './current-keys.js';
import { KeyRingError } from './encryption.errors.js';
import { EncryptionService } from './encryption.service.js';
import { KeyRing } from './key-ring.js';
import { KeyUsage, MAX_VALUES_PER_KEY } from './key-usage.js';
import { generateSecret } from './secrets.js';

describe('the count of values under a key', () => {
  it('ends at 2^32, what other processes encrypted included', () => {
    const usage = new KeyUsage();
    usage.setTotal('k1', MAX_VALUES_PER_KEY - 2);
    usage.count('k1');
    usage.count('k1');
    expect(() => usage.count('k1')).toThrow(KeyRingError);
    expect(() => usage.count('k1')).toThrow(/"k1" is used up/);
    usage.count('k2');
    expect(usage.collect()).toEqual(
      new Map([
        ['k1', 2],
        ['k2', 1],
      ]),
    );
    expect(MAX_VALUES_PER_KEY).toBe(4_294_967_296);
  });

  it('is kept when it could not be stored', () => {
    const usage = new KeyUsage();
    usage.count('k1');
    const collected = usage.collect();
    usage.count('k1');
    usage.restore(collected);
    expect(usage.collect()).toEqual(new Map([['k1', 2]]));
    expect(usage.collect().size).toBe(0);
  });

  it('stops encryption, and decryption never', async () => {
    const NONE = { appSecret: undefined, salt: undefined };
    const keys = new CurrentKeys(await KeyRing.load({ ...NONE, keys: `k1:${generateSecret(32)}` }));
    const service = new EncryptionService(keys);
    const cell = { table: 't', column: 'c', rowId: '1' };
    const text = service.encrypt(cell, 'clear');
    keys.usage.setTotal('k1', MAX_VALUES_PER_KEY - 1);
    expect(() => service.encrypt(cell, 'clear')).toThrow(KeyRingError);
    expect(service.decrypt(cell, text)).toBe('clear');
    keys.replace(await KeyRing.load({ ...NONE, keys: `k2:${generateSecret(32)}` }));
    expect(service.encrypt(cell, 'clear')).toMatch(/^v1\.k2\./);
  });
});
