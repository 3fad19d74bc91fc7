import { Test } from '@nestjs/testing';
import { describe, expect, it } from '@jest/globals';
import { ConfigModule } from '../config/config.module.js';
import { loadSettings } from '../config/settings.js';
import { DecryptionError, FernetTokenError, KeyRingError } from './encryption.errors.js';
import { EncryptionModule } from './encryption.module.js';
import { EncryptionService } from './encryption.service.js';
import { generateSecret } from './secrets.js';
import { SignerService } from './signer.service.js';

const CELL = { table: 't', column: 'c', rowId: '1' };
const start = (env: NodeJS.ProcessEnv) =>
  Test.createTestingModule({
    imports: [ConfigModule.forRoot(() => loadSettings(env)), EncryptionModule],
  }).compile();

describe('the encryption module', () => {
  it('loads the keys at start and gives what may be done with them', async () => {
    const first = generateSecret(32);
    const old = await start({ ENCRYPTION_KEYS: `k1:${first}` });
    const now = await start({ ENCRYPTION_KEYS: `k2:${generateSecret(32)},k1:${first}` });
    const text = old.get(EncryptionService).encrypt(CELL, 'hello');
    const service = now.get(EncryptionService);
    expect(service.decrypt(CELL, text)).toBe('hello');
    expect(service.keyIds).toEqual(['k2', 'k1']);
    expect(service.needsRotation(text)).toBe(true);
    expect(service.needsRotation(service.encrypt(CELL, 'hello'))).toBe(false);
    expect(service.needsRotation('plain text')).toBe(true);
    expect(now.get(SignerService).verify('cursor', old.get(SignerService).sign('cursor', 'x'))).toBe('x');
  });

  it('reads what Python wrote under the derived key, and takes it nowhere else', async () => {
    const env = {
      APP_SECRET: 'a secret written for this test only',
      ENCRYPTION_SALT: 'a salt written for this test',
    };
    const service = (await start(env)).get(EncryptionService);
    const token =
      'gAAAAABlU_EA_YiidjBq_TahfzxDYp4-azmB6h_khdLHVsm6812FeQTKZviq4kYuDcqFrteLWdmIoOBI8TAatXbnInDu4kzRsA==';
    expect(service.readFernet(token)).toBe('hello');
    expect(() => service.decrypt(CELL, token)).toThrow(DecryptionError);
    expect(() => service.readFernet(service.encrypt(CELL, 'hello'))).toThrow(FernetTokenError);
  });

  it('stops the start without a key', async () => {
    await expect(start({})).rejects.toThrow(KeyRingError);
  });
});
