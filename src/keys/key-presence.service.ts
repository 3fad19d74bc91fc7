import { hostname } from 'node:os';
import { Inject, Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { v7 as uuidv7 } from 'uuid';
import { SETTINGS, type Settings } from '../config/settings.js';
import { DatabaseActivity } from '../database/database-activity.service.js';
import { SqlService } from '../database/sql.service.js';
import { CurrentKeys } from '../encryption/current-keys.js';
import { KeyRingError } from '../encryption/encryption.errors.js';
import { readKeysFile } from '../encryption/key-file.js';
import { KeyRing } from '../encryption/key-ring.js';
import { WARN_VALUES_PER_KEY } from '../encryption/key-usage.js';
import { removeLostProcesses, removeProcess, reportProcess } from './keys.queries.js';
import { KnownKeysService } from './known-keys.service.js';

/** How often a process looks at its key file and says what it has. **Units**: milliseconds. */
const BEAT_MS = 3_000;

/**
 * Keeps the keys of a running process up to date and says in the database which it has. A rotation waits for these reports, so
 * that nobody writes with a key that somebody else cannot read.
 *
 * **Why** it looks at the file again and again: a mounted secret is changed by exchanging links, which no watch reports everywhere.
 */
@Injectable()
export class KeyPresenceService implements OnApplicationShutdown {
  private readonly logger = new Logger('Keys');
  private readonly self = { id: uuidv7(), name: `process ${process.pid} on ${hostname()}` };
  private configured: KeyRing;
  private text: string | undefined;
  private timer: NodeJS.Timeout | null = null;
  private beating: Promise<void> | null = null;
  private readonly trouble = new Map<string, string>();

  constructor(
    private readonly sql: SqlService,
    private readonly known: KnownKeysService,
    private readonly keys: CurrentKeys,
    @Inject(SETTINGS) private readonly settings: Settings,
    private readonly activity: DatabaseActivity,
  ) {
    this.text = settings.encryption.keys;
    this.configured = keys.ring;
  }

  /**
   * Lets this process work with its keys, and reports them from now on. Before it nothing may be encrypted.
   *
   * **Errors**: `KeyRingError` for keys that do not go with this database.
   */
  async begin(): Promise<void> {
    await this.sql.transaction((tx) => tx.run(removeLostProcesses()));
    await this.report();
    try {
      // Only now: a rotation that did not see this process yet has changed the file already, one that comes later waits for it.
      if (!(await this.reload())) await this.settle(this.configured);
    } catch (error) {
      // It will not run, so nobody shall wait for it.
      await this.leave();
      throw error;
    }
    await this.beat();
    this.timer = setInterval(() => {
      if (this.activity.isAwake) void this.activity.unasked(() => this.beat());
    }, BEAT_MS).unref();
    // What happened to the keys while a serverless database rested is found out before the next request goes on.
    this.activity.onWake(() => this.beat());
  }

  /** Takes over a changed key file and reports. **Why** no error: the next beat tries again. A slow one is not joined by others. */
  async beat(): Promise<void> {
    this.beating ??= this.beatOnce().finally(() => (this.beating = null));
    return this.beating;
  }

  /** **Why** not before: until the last request is answered, this process may encrypt. */
  async onApplicationShutdown(): Promise<void> {
    if (this.timer === null) return;
    clearInterval(this.timer);
    await this.beating;
    await this.reportUsage().catch(() => undefined);
    await this.leave();
  }

  private async leave(): Promise<void> {
    await this.sql.transaction((tx) => tx.run(removeProcess(this.self.id))).catch(() => undefined);
  }

  private async beatOnce(): Promise<void> {
    await this.attempt('the key file is not taken over', () => this.reload());
    await this.attempt('this process must not encrypt', () => this.compare());
    await this.attempt('the keys of this process are not reported', async () => {
      await this.report();
      await this.reportUsage();
    });
  }

  /** Says once what is wrong, not at each beat. */
  private async attempt(what: string, work: () => Promise<unknown>): Promise<void> {
    try {
      await work();
      this.trouble.delete(what);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      if (this.trouble.get(what) !== reason) this.logger.error({ msg: what, reason });
      this.trouble.set(what, reason);
    }
  }

  /** Puts the keys of a changed file in force, whole or not at all. **Shape**: whether it did. **Errors**: `KeyRingError`. */
  private async reload(): Promise<boolean> {
    const { encryption } = this.settings;
    if (encryption.keysFile === undefined) return false;
    const text = await readKeysFile(encryption.keysFile);
    if (text === this.text) return false;
    const ring = await KeyRing.load({ ...encryption, keys: text });
    await this.settle(ring);
    this.text = text;
    this.logger.log({ msg: 'the key file has changed', keys: ring.ids });
    return true;
  }

  /**
   * Whether the keys in force are still good: while this process was suspended or cut off, others may have retired its first one or
   * brought in another. **Why** a database that does not answer changes nothing: it takes no value either.
   */
  private async compare(): Promise<void> {
    try {
      if (this.configured.primary.id === this.keys.ring.primary.id) await this.known.check(this.keys.ring);
      else await this.settle(this.configured);
      this.keys.fault = null;
    } catch (error) {
      if (error instanceof KeyRingError) this.keys.fault = error.fault;
      throw error;
    }
  }

  /**
   * Puts keys in force. While another process cannot read the first one, an older key goes on writing, and each beat tries again: so
   * a deployment that brings a key in front at once breaks nothing. **Errors**: `KeyRingError`.
   */
  private async settle(ring: KeyRing): Promise<void> {
    const admitted = await this.known.admit(ring, this.self);
    const writes = admitted.primary.id;
    if (ring !== this.configured || writes !== this.keys.ring.primary.id) {
      if (admitted !== ring)
        this.logger.warn({ msg: 'some process cannot read the first key; an older one writes', writes });
      this.keys.replace(admitted);
    }
    this.configured = ring;
  }

  private async report(): Promise<void> {
    const process = { ...this.self, keyIds: this.keys.ring.ids };
    await this.sql.transaction((tx) => tx.run(reportProcess(process)));
  }

  /** Adds what was encrypted here to the totals. The primary is always asked for, because others count on it too. */
  private async reportUsage(): Promise<void> {
    const { usage, ring } = this.keys;
    const collected = usage.collect();
    try {
      const totals = await this.known.addUsage(new Map([[ring.primary.id, 0], ...collected]));
      for (const [keyId, total] of totals) {
        usage.setTotal(keyId, total);
        if (total >= WARN_VALUES_PER_KEY && collected.has(keyId))
          this.logger.warn({ msg: 'rotate: half of what an encryption key may encrypt is reached', keyId });
      }
    } catch (error) {
      usage.restore(collected);
      throw error;
    }
  }
}
