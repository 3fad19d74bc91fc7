import { jest } from '@jest/globals';
import { CurrentKeys } from '../../src/encryption/current-keys.js';
import { KeyRing } from '../../src/encryption/key-ring.js';
import { generateSecret } from '../../src/encryption/secrets.js';
import { KeyPresenceService } from '../../src/keys/key-presence.service.js';
import type { TestApp } from './test-app.js';

const KEY_BYTES = 32;

/** Does work of a service whose keys are others meanwhile, as behind a rotation that retired those that it had. */
export async function underOtherKeys(service: TestApp, work: () => Promise<unknown>): Promise<void> {
  const keys = service.app.get(CurrentKeys);
  const presence = service.app.get(KeyPresenceService);
  // Each few seconds it would put the configured ones in force again.
  await presence.beat();
  const beat = jest.spyOn(presence, 'beat').mockResolvedValue();
  const before = keys.ring;
  const other = `other:${generateSecret(KEY_BYTES)}`;
  keys.replace(await KeyRing.load({ keys: other, appSecret: undefined, salt: undefined }));
  try {
    await work();
  } finally {
    keys.replace(before);
    beat.mockRestore();
  }
}
