import { Injectable } from '@nestjs/common';
import { SqlService } from '../database/sql.service.js';
import { KeyRingError } from '../encryption/encryption.errors.js';
import { keyCheckValue } from '../encryption/key-check.js';
import type { KeyRing } from '../encryption/key-ring.js';
import type { Row } from '../database/statement.js';
import {
  addKeys,
  addUsage,
  admissionLock,
  keepKey,
  knownKeys,
  liveProcesses,
  markPrimary,
  reportProcess,
} from './keys.queries.js';
import type { KeyHolder, KnownKey, ReportedProcess } from './keys.types.js';

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
    return (await this.sql.read(knownKeys())).map(knownKeyOf);
  }

  /** Whether values may be under a key, as far as any process knows. */
  async isInUse(id: string): Promise<boolean> {
    return (await this.all()).some((key) => key.id === id && !key.isRetired);
  }

  /** Processes of the service that run now. */
  async holders(): Promise<readonly KeyHolder[]> {
    return (await this.sql.read(liveProcesses(LIVE_SECONDS))).map(holderOf);
  }

  /**
   * Lets a ring work on this database, before the first value is encrypted with it: notes its keys and which of them writes.
   *
   * **Shape**: the ring to work with. For a process that is the first key which every other running process can read; it asks again
   * until that is the one it was configured with. A command gets what it gave, or an error.
   *
   * **Why** under a lock: two processes that look at each other and then begin would both find nobody.
   *
   * **Errors**: `KeyRingError` when a key is not the one that the database knows by its id, when one is missing that values may
   * be under, when the primary was retired, or when some running process can read none of the keys.
   */
  async admit(ring: KeyRing, process: ReportedProcess | null): Promise<KeyRing> {
    const keys = checksOf(ring);
    return this.sql.transaction(async (tx) => {
      await tx.run(admissionLock());
      checkRing(keys, (await tx.run(knownKeys())).map(knownKeyOf));
      await tx.run(addKeys(keys));
      const others = (await tx.run(liveProcesses(LIVE_SECONDS, process?.id ?? null))).map(holderOf);
      const known = (await tx.run(knownKeys())).map(knownKeyOf);
      const admitted = readableByAll(ring, others, known);
      if (process === null && admitted !== ring) throw unreadableBy(others, ring);
      await tx.run(keepKey(admitted.primary.id));
      // Whoever was about to retire it has done so now.
      checkRing(checksOf(admitted), (await tx.run(knownKeys())).map(knownKeyOf));
      await tx.run(markPrimary(admitted.primary.id));
      if (process !== null) await tx.run(reportProcess({ ...process, keyIds: admitted.ids }));
      return admitted;
    });
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

function knownKeyOf([id, checkValue, wasPrimary, isRetired, encryptedValues]: Row): KnownKey {
  return {
    id: String(id),
    checkValue: String(checkValue),
    wasPrimary: wasPrimary === true,
    isRetired: isRetired === true,
    encryptedValues: Number(encryptedValues),
  };
}

function holderOf([name, keyIds]: Row): KeyHolder {
  return { name: String(name), keyIds: keyIds as string[] };
}

/** The ring with the first key in front that may write and that everybody can read. */
function readableByAll(ring: KeyRing, others: readonly KeyHolder[], known: readonly KnownKey[]): KeyRing {
  const retired = new Set(known.filter(({ isRetired }) => isRetired).map(({ id }) => id));
  const writer = ring.ids.find((id) => !retired.has(id) && others.every(({ keyIds }) => keyIds.includes(id)));
  if (writer === undefined) throw unreadableBy(others, ring);
  return ring.writingWith(writer);
}

function unreadableBy(others: readonly KeyHolder[], { primary }: KeyRing): KeyRingError {
  const blind = others.filter(({ keyIds }) => !keyIds.includes(primary.id)).map(({ name }) => name);
  return new KeyRingError(
    `${blind.join(', ')} cannot read the key "${primary.id}": give it that key first, behind its own, or wait until it is gone.`,
  );
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
