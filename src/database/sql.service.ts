import { setTimeout as sleep } from 'node:timers/promises';
import { EntityManager } from '@mikro-orm/postgresql';
import { Inject, Injectable } from '@nestjs/common';
import type { Pool, PoolClient } from 'pg';
import { SETTINGS, type Settings } from '../config/settings.js';
import { ShuttingDown } from './database.errors.js';
import {
  isClientPoisoned,
  isConnectionLost,
  isLockWaitOver,
  isPlanStale,
  translateDriverError,
} from './driver-errors.js';
import { inOneGo } from './in-one-go.js';
import { limitedRead, READ_AT, type LimitedRead } from './limited-read.queries.js';
import { actAs, actingAs } from './own-rows.queries.js';
import type { RowOwner } from './own-rows.js';
import { watchPoolWaits, type WaitWatcher } from './pool-waits.js';
import { DatabaseActivity } from './database-activity.service.js';
import { connectPatiently } from './patient-connect.js';
import { RunningStatements } from './running-statements.service.js';
import { retryTransaction } from './retry.js';
import { Shutdown } from './shutdown.service.js';
import { SlowQueryLog } from './slow-query-log.service.js';
import { SqlTransaction } from './sql-transaction.js';
import { driverQuery, type Row, type Statement, type StatementResult } from './statement.js';
import { Turns, type Queue } from './turns.js';

/** The server ends a slow statement by itself; only an answer that never arrives, over a cut network, needs our own clock. */
const ANSWER_GRACE_MS = 2_000;

/** Longer than nearly all that hold a lock take to end, and so short that others hardly notice. */
const BRIEF_LOCK_WAIT_MS = 50;

/** Who ends one connection, a failover or an administrator, often ends all: so long the pool has to notice which of the others are dead. */
const NOTICE_MS = 25;

/**
 * Runs the hand-written statements of `*.queries.ts` on the ORM's own pool: bound values, named (prepared) unless
 * switched off, rows as arrays.
 *
 * **Why** beside the ORM: entities cost about twenty times the query they come from, and the ORM inlines values into the
 * text, so nothing is planned once. Units of work stay with the ORM; lists, series and bulk work come here.
 */
@Injectable()
export class SqlService {
  private readonly named: boolean;
  private readonly answerTimeoutMs: number;
  private readonly turns: Turns;

  constructor(
    private readonly em: EntityManager,
    private readonly slowQueries: SlowQueryLog,
    @Inject(SETTINGS) private readonly settings: Settings,
    private readonly shutdown: Shutdown,
    private readonly activity: DatabaseActivity,
    private readonly running: RunningStatements,
  ) {
    this.named = settings.database.namedStatements;
    this.answerTimeoutMs = settings.database.timeouts.statementMs + ANSWER_GRACE_MS;
    this.turns = new Turns(settings.database.pool.max);
  }

  /**
   * The rows of one statement outside a transaction.
   *
   * **Errors**: `DatabaseUnavailable`, `DatabaseBusy`, `DatabaseTimeout`, `DatabaseStorageFull`; any other driver error as it is.
   * A connection that turns out to be dead is replaced once: such a statement never reached a commit of its own kind
   * twice, because only reads go through here.
   */
  async read(statement: Statement): Promise<readonly Row[]> {
    return this.readAgain(() =>
      this.onClient(async (client) => (await this.execute(client, statement, this.answerTimeoutMs)).rows),
    );
  }

  /**
   * The rows of one statement that sees what `owner` may see, and no other row that is somebody's own. **Errors**: as {@link read}.
   */
  async readAs(owner: RowOwner, statement: Statement): Promise<readonly Row[]> {
    return this.read(actingAs(owner, statement));
  }

  /**
   * The same for a read that may be made to take long: the server ends it when its time is over. **Errors**: as {@link read};
   * `DatabaseTimeout` then.
   */
  async readWithin(read: LimitedRead): Promise<readonly Row[]> {
    const statements = limitedRead(read);
    return this.readAgain(() =>
      this.onClient(async (client) => {
        const send = () => statements.map((one) => this.execute(client, one, this.answerTimeoutMs));
        return (await inOneGo(client, send))[READ_AT]?.rows ?? [];
      }),
    );
  }

  /** The only row of a statement, or null when there is none. **Errors**: as {@link read}. */
  async readOne(statement: Statement): Promise<Row | null> {
    return (await this.read(statement))[0] ?? null;
  }

  /**
   * Runs `work` in one READ COMMITTED transaction, again from the start after a serialization failure or deadlock.
   * Commits unless `work` throws or calls {@link SqlTransaction.rollback}.
   *
   * **Errors**: as {@link read}, and whatever `work` throws. A connection lost before the commit was answered is
   * reported as unavailable, and whether it took effect is unknown to the caller. With a queue as {@link inTurn}.
   */
  async transaction<T>(work: (tx: SqlTransaction) => Promise<T>, queue?: Queue): Promise<T> {
    if (queue === undefined) return this.transact(null, work);
    return this.inTurn(queue, () => this.transact(null, work));
  }

  /**
   * The same, seeing and writing what `owner` may, and no other row that is somebody's own. It begins together with its first
   * statement. **Errors**: as {@link transaction}.
   */
  async transactionAs<T>(owner: RowOwner, work: (tx: SqlTransaction) => Promise<T>): Promise<T> {
    return this.transact(owner, work);
  }

  /**
   * The rows of one statement that is a transaction of its own and may write, seeing and writing what `owner` may; null, and nothing is
   * done, when it would have to wait for a lock. Again after a serialization failure. **Errors**: as {@link transaction}.
   *
   * **Why** no wait to speak of: then it may be run by as many as there are connections, without a queue.
   */
  async tryAs(owner: RowOwner, statement: Statement): Promise<readonly Row[] | null> {
    const acting = actingAs(owner, statement, { lockWaitMs: BRIEF_LOCK_WAIT_MS });
    try {
      return await retryTransaction(() =>
        this.onClient(async (client) => (await this.execute(client, acting)).rows),
      );
    } catch (error) {
      if (isLockWaitOver(error)) return null;
      throw this.translated(error);
    }
  }

  /**
   * Lets `work`, which may wait long for others of its kind or take long, begin when its turn has come: those of one queue never hold
   * more than a third of the connections, or one. Not to be used inside a transaction.
   *
   * **Errors**: `TooManyWaiting`, and those of `work`.
   */
  async inTurn<T>(queue: Queue, work: () => Promise<T>): Promise<T> {
    return this.turns.take(queue, work);
  }

  /** How the pool stands. **Units**: connections; `waiting` is callers. */
  async poolState(): Promise<{ size: number; idle: number; waiting: number; max: number }> {
    const pool = await this.pool();
    return { size: pool.totalCount, idle: pool.idleCount, waiting: pool.waitingCount, max: pool.options.max };
  }

  /** Lets `onWait` know how long each caller waited for a connection, the ORM's own among them. Call it once. */
  async watchWaits(onWait: WaitWatcher): Promise<void> {
    watchPoolWaits(await this.pool(), onWait);
  }

  private async transact<T>(owner: RowOwner | null, work: (tx: SqlTransaction) => Promise<T>): Promise<T> {
    try {
      return await retryTransaction(() => this.transactOnce(owner, work));
    } catch (error) {
      throw this.translated(error);
    }
  }

  private async transactOnce<T>(
    owner: RowOwner | null,
    work: (tx: SqlTransaction) => Promise<T>,
  ): Promise<T> {
    const client = await this.connect();
    const execute = (statement: Statement): Promise<StatementResult> => this.execute(client, statement);
    const tx = new SqlTransaction(client, execute, owner === null ? null : actAs(owner));
    let broken = false;
    try {
      if (owner === null) await client.query('begin');
      const result = await work(tx);
      if (tx.isOpen) await client.query(tx.isRolledBack ? 'rollback' : 'commit');
      return result;
    } catch (error) {
      broken = isClientPoisoned(error) || !(await rolledBack(client));
      throw error;
    } finally {
      client.release(broken);
    }
  }

  private async onClient<T>(run: (client: PoolClient) => Promise<T>): Promise<T> {
    const client = await this.connect();
    let poisoned = false;
    try {
      return await run(client);
    } catch (error) {
      poisoned = isClientPoisoned(error);
      throw error;
    } finally {
      client.release(poisoned);
    }
  }

  private async execute(
    client: PoolClient,
    statement: Statement,
    answerTimeoutMs?: number,
  ): Promise<StatementResult> {
    const startedAt = performance.now();
    try {
      const result = await client.query<unknown[]>({
        ...driverQuery(statement, this.named),
        ...(answerTimeoutMs === undefined ? {} : { query_timeout: answerTimeoutMs }),
      });
      return { rows: result.rows, count: result.rowCount ?? 0 };
    } finally {
      this.slowQueries.note(statement.name, performance.now() - startedAt);
    }
  }

  /**
   * Runs a read, once more on another connection if its own turned out to be dead. Connections with stale plans are told only by using
   * them: of those there may be as many as the pool holds, each of which is closed by the attempt.
   */
  private async readAgain<T>(read: () => Promise<T>): Promise<T> {
    for (let lost = 0, stale = 0; ;) {
      try {
        return await read();
      } catch (error) {
        if (isPlanStale(error)) stale++;
        else if (isConnectionLost(error)) lost++;
        else throw this.translated(error);
        if (lost > 1 || stale > (await this.pool()).options.max) throw this.translated(error);
        if (lost === 1) await sleep(NOTICE_MS);
      }
    }
  }

  /** What a stop cancelled is no trouble of the database. */
  private translated(error: unknown): unknown {
    const trouble = translateDriverError(error);
    if (trouble === null) return error;
    return this.shutdown.deadline.aborted ? new ShuttingDown(error) : trouble;
  }

  private async connect(): Promise<PoolClient> {
    await this.activity.use();
    return connectPatiently(await this.pool(), this.settings.database);
  }

  private async pool(): Promise<Pool> {
    const pool = await this.em.getConnection('write').getNativeClient();
    this.running.watch(pool);
    return pool;
  }
}

/** Whether the rollback went through; a connection in an unknown state must not be lent again. */
async function rolledBack(client: PoolClient): Promise<boolean> {
  try {
    await client.query('rollback');
    return true;
  } catch {
    return false;
  }
}
