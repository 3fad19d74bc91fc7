import { EntityManager } from '@mikro-orm/postgresql';
import { Inject, Injectable } from '@nestjs/common';
import type { Client } from 'pg';
import { AuditService } from '../audit/audit.service.js';
import type { AuditEntry } from '../audit/audit.types.js';
import { SETTINGS, type Settings } from '../config/settings.js';
import { runStatement } from '../database/direct-connection.js';
import { NOBODY, UnitOfWork } from '../database/unit-of-work.service.js';
import { hasReadableStale, rotateCells } from './rotation/cell-rotation.js';
import { RetirementRefused, RotationRefused } from './keys.errors.js';
import { lockKey, markRetired } from './keys.queries.js';
import type { CellCount, KeyStatus, RotationReport } from './keys.types.js';
import { asOnlyOwner, asOwner, encryptedTables, inTransaction } from './rotation/owner-connection.js';
import { RingKeeperService } from './ring-keeper.service.js';
import { countCells } from './rotation.queries.js';

const MAX_NAMED_CELLS = 100;

/** How a rotation goes about. **Shape**: `newKey` null uses the primary that is configured. */
export interface RotationOptions {
  readonly newKey: { readonly timeoutSeconds: number } | null;
  readonly onStep: (step: string) => void;
  readonly onProgress: (done: number, total: number) => void;
}

/** Looks after keys from the command line, beside running services: what there is, rotation, retirement. */
@Injectable()
export class KeysService {
  constructor(
    private readonly keeper: RingKeeperService,
    private readonly em: EntityManager,
    private readonly unitOfWork: UnitOfWork,
    private readonly audit: AuditService,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  /** Keys, values under each, and who has which. Changes nothing. */
  async status(): Promise<KeyStatus> {
    const cells = await asOwner(this.settings, (owner) => this.count(owner));
    const { ids, primary } = this.keeper;
    const known = await this.keeper.known.all();
    const missing = [...ids, ...cells.flatMap(({ keyId }) => keyId ?? [])].filter(
      (id) => !known.some((key) => key.id === id),
    );
    const unknown = [...new Set(missing)].map((id) => ({
      ...{ id, wasPrimary: false, isRetired: false, encryptedValues: 0 },
    }));
    const keys = [...known, ...unknown].map(({ id, wasPrimary, isRetired, encryptedValues }) => ({
      ...{ id, wasPrimary, isRetired, encryptedValues, onRing: ids.includes(id), cells: sum(cells, id) },
    }));
    return { primary, keys, cells, processes: await this.keeper.known.holders() };
  }

  /**
   * Encrypts every value anew that is not under the primary key; with `newKey` makes that key first. Beside a running service,
   * and again after it was broken off anywhere.
   *
   * **Errors**: `RotationRefused` while a process cannot read the primary or writes with another; `KeyRingError`.
   */
  async rotate(options: RotationOptions): Promise<RotationReport> {
    const tables = encryptedTables(this.em);
    const { encryption } = this.keeper;
    return asOnlyOwner(this.settings, async (owner) => {
      if (options.newKey !== null) {
        const isUnfinished = await hasReadableStale({ owner, tables, encryption });
        await this.keeper.introduce({ ...options.newKey, onStep: options.onStep, isUnfinished });
      }
      // Before the database hears of the key: who lacks one that is in use is not ready any more.
      await this.requireFollowers();
      if (options.newKey === null) await this.keeper.admit();
      const { primary } = this.keeper;
      const before = await this.count(owner);
      const total = before
        .filter(({ keyId }) => keyId !== primary)
        .reduce((all, { count }) => all + count, 0);
      let done = 0;
      const { rotated, unreadable, left } = await rotateCells({
        ...{ owner, tables, encryption },
        onProgress: (cells) => options.onProgress((done += cells), total),
      });
      await this.keeper.reportUsage();
      const details = { rotated, unreadable: unreadable.length, left };
      await this.record('keys.rotated', primary, details);
      return { primary, ...details, unreadableCells: unreadable.slice(0, MAX_NAMED_CELLS) };
    });
  }

  /**
   * Takes a key out of use for good, and out of the key file if there is one. **Shape**: whether it was in a file.
   *
   * **Errors**: `RetirementRefused` while values are left under it, a process writes with it, or it is the primary.
   */
  async retire(id: string): Promise<{ readonly withdrawn: boolean }> {
    return asOnlyOwner(this.settings, async (owner) => {
      const key = (await this.keeper.known.all()).find((known) => known.id === id);
      if (key === undefined) throw new RetirementRefused(`The database knows no key "${id}".`);
      if (id === this.keeper.primary)
        throw new RetirementRefused(`The key "${id}" is the primary. Rotate to another one first.`);
      await inTransaction(owner, () => this.markRetired(owner, id));
      await this.record('keys.retired', id, { encryptedValues: key.encryptedValues });
      return { withdrawn: await this.keeper.withdraw(id) };
    });
  }

  /**
   * **Why** under a lock on the key: a start that would write with it, and a writer that is not done, wait or are waited for, so that
   * none of them comes between the count and the mark.
   */
  private async markRetired(owner: Client, id: string): Promise<void> {
    await runStatement(owner, lockKey(id));
    const writers = (await this.keeper.known.holders()).filter(({ keyIds }) => keyIds[0] === id);
    if (writers.length > 0) throw new RetirementRefused(`${names(writers)} still writes with "${id}".`);
    const left = (await this.count(owner)).filter(({ keyId }) => keyId === id);
    if (left.length > 0)
      throw new RetirementRefused(`${sum(left, id)} values are left under "${id}". Rotate first.`, left);
    await runStatement(owner, markRetired(id));
  }

  private async count(owner: Client): Promise<readonly CellCount[]> {
    const counts: CellCount[] = [];
    for (const table of encryptedTables(this.em)) {
      for (const [column, keyId, count] of await runStatement(owner, countCells(table))) {
        const id = typeof keyId === 'string' ? keyId : null;
        counts.push({ table: table.table, column: String(column), keyId: id, count: Number(count) });
      }
    }
    return counts;
  }

  /** Both phases must be over everywhere: who cannot read the primary fails, who writes with another one never lets it end. */
  private async requireFollowers(): Promise<void> {
    const { primary } = this.keeper;
    const holders = await this.keeper.known.holders();
    const blind = holders.filter(({ keyIds }) => !keyIds.includes(primary));
    if (blind.length > 0)
      throw new RotationRefused(
        `${names(blind)} cannot read the key "${primary}": give it that key first, behind its own.`,
      );
    const behind = holders.filter(({ keyIds }) => keyIds[0] !== primary);
    if (behind.length > 0)
      throw new RotationRefused(
        `${names(behind)} still writes with another key than "${primary}": put that one first there.`,
      );
  }

  private async record(
    action: 'keys.rotated' | 'keys.retired',
    id: string,
    details: NonNullable<AuditEntry['details']>,
  ): Promise<void> {
    const target = { type: 'key', id } as const;
    await this.unitOfWork.run(NOBODY, async (em) =>
      this.audit.record(em, { action, outcome: 'success', userId: null, origin: null, target, details }),
    );
  }
}

function sum(cells: readonly CellCount[], id: string): number {
  return cells.filter(({ keyId }) => keyId === id).reduce((all, { count }) => all + count, 0);
}

function names(holders: readonly { readonly name: string }[]): string {
  return holders.map(({ name }) => name).join(', ');
}
