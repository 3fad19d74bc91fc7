import { Injectable } from '@nestjs/common';
import { SqlService } from '../database/sql.service.js';
import { KeyRingError } from '../encryption/encryption.errors.js';
import { keyCheckValue } from '../encryption/key-check.js';
import type { KeyRing } from '../encryption/key-ring.js';
import { addKeys, addUsage, knownKeys, liveProcesses, markPrimary } from './keys.queries.js';
import type { KeyHolder, KnownKey } from './keys.types.js';

/**
 * A process that was not seen for so long is taken for gone. **Units**: seconds. Longer than a start of the database takes to
 * let reports through again, shorter than the patience of whoever waits for a rotation.
 */
const LIVE_SECONDS = 30;

/** What the database knows of keys, and whether a ring goes with it. */
@Injectable()
export class KnownKeysService {
  constructor(private readonly sql: SqlService) {}

  /** Every key that some process ever had on its ring, oldest first. */
  async all(): Promise<readonly KnownKey[]> {
    const rows = await this.sql.read(knownKeys());
    return rows.map(([id, checkValue, wasPrimary, isRetired, encryptedValues]) => ({
      id: String(id),
      checkValue: String(checkValue),
      wasPrimary: wasPrimary === true,
      isRetired: isRetired === true,
      encryptedValues: Number(encryptedValues),
    }));
  }

  /** Processes of the service that run now. */
  async holders(): Promise<readonly KeyHolder[]> {
    const rows = await this.sql.read(liveProcesses(LIVE_SECONDS));
    return rows.map(([name, keyIds]) => ({ name: String(name), keyIds: keyIds as string[] }));
  }

  /**
   * Lets a ring work on this database, before the first value is encrypted with it: notes its keys and that the primary writes.
   *
   * **Errors**: `KeyRingError` when a key is not the one that the database knows by its id, when one is missing that values may
   * be under, or when the primary was retired.
   */
  async admit(ring: KeyRing): Promise<void> {
    const keys = checksOf(ring);
    checkRing(keys, await this.all());
    await this.sql.transaction((tx) => tx.run(addKeys(keys)));
    // Two processes that start with different keys of one id both saw none; one of the two was noted.
    checkRing(keys, await this.all());
    await this.sql.transaction((tx) => tx.run(markPrimary(ring.primary.id)));
  }

  /** Whether a ring that was admitted still goes with the database. **Errors**: `KeyRingError` as {@link admit}. */
  async check(ring: KeyRing): Promise<void> {
    checkRing(checksOf(ring), await this.all());
  }

  /** Adds to what was encrypted under each key. **Shape**: the totals of all processes, for the keys given. */
  async addUsage(usage: ReadonlyMap<string, number>): Promise<ReadonlyMap<string, number>> {
    const rows = await this.sql.transaction((tx) => tx.run(addUsage(usage)));
    return new Map(rows.map(([id, total]) => [String(id), Number(total)]));
  }
}

function checksOf(ring: KeyRing): readonly { readonly id: string; readonly checkValue: string }[] {
  return ring.all.map((key) => ({ id: key.id, checkValue: keyCheckValue(key) }));
}

function checkRing(
  ring: readonly { readonly id: string; readonly checkValue: string }[],
  known: readonly KnownKey[],
): void {
  const byId = new Map(known.map((key) => [key.id, key]));
  for (const { id, checkValue } of ring) {
    const other = byId.get(id);
    if (other !== undefined && other.checkValue !== checkValue) {
      throw new KeyRingError(
        `The encryption key "${id}" is not the one that this database knows by that id. Give the right key, or a new id to a new key.`,
      );
    }
  }
  const [primary] = ring;
  if (primary !== undefined && byId.get(primary.id)?.isRetired === true) {
    throw new KeyRingError(
      `The encryption key "${primary.id}" was retired and must not encrypt again. Put another one first.`,
      'retired',
    );
  }
  const ids = new Set(ring.map(({ id }) => id));
  const missing = known.find(({ id, wasPrimary, isRetired }) => wasPrimary && !isRetired && !ids.has(id));
  if (missing !== undefined) {
    throw new KeyRingError(
      `The database may hold values under the encryption key "${missing.id}", which is missing. Put it back behind the others, or see what is left with "stockroom keys status" and retire it with "stockroom keys retire ${missing.id}".`,
    );
  }
}
