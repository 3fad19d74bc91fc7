import { EntityManager } from '@mikro-orm/postgresql';
import { EncryptionService } from '../../src/encryption/encryption.service.js';
import { rotateCells } from '../../src/keys/rotation/cell-rotation.js';
import { KeysService } from '../../src/keys/keys.service.js';
import { asOwner, encryptedTables } from '../../src/keys/rotation/owner-connection.js';
import { openProcess, settingsOf, type ProcessOptions } from '../integration/encryption/keys-support.js';
import type { DrillDatabase } from './key-rotation-types.js';

/** A rotation in a process of its own, to be killed. **Shape**: prints each step and `done/total` after each batch. */
interface RotatorJob {
  readonly db: DrillDatabase;
  readonly keys: ProcessOptions;
  readonly onePhase: boolean;
}

async function main({ db, keys, onePhase }: RotatorJob): Promise<void> {
  const app = await openProcess(db, keys);
  const say = (line: string): void => void process.stdout.write(`${line}\n`);
  if (onePhase) {
    // The last part of a rotation alone, without asking who can read the new key.
    await asOwner(settingsOf(db, keys), (owner) =>
      rotateCells({
        owner,
        tables: encryptedTables(app.get(EntityManager)),
        encryption: app.get(EncryptionService),
        onProgress: () => undefined,
      }),
    );
  } else {
    await app.get(KeysService).rotate({
      newKey: { timeoutSeconds: 60 },
      onStep: (step) => say(`step ${step}`),
      onProgress: (done, total) => say(`progress ${done}/${total}`),
    });
  }
  say('finished');
  await app.close();
}

await main(JSON.parse(process.argv[2] ?? '') as RotatorJob);
