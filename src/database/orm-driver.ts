import { PostgreSqlConnection, PostgreSqlDriver } from '@mikro-orm/postgresql';
import type { Pool } from 'pg';

type Overrides = Parameters<PostgreSqlConnection['createKyselyDialect']>[0];
type PoolHook = { readonly onPoolCreated?: (pool: Pool) => unknown };
type Dialect = ReturnType<PostgreSqlConnection['createKyselyDialect']>;
type PoolDriver = ReturnType<Dialect['createDriver']>;
type Session = Parameters<PoolDriver['releaseConnection']>[0];

/**
 * A connection of the ORM whose transactions give their session back to the pool also when it is lost.
 *
 * **Why**: the query builder below the ORM releases a session once the commit or the rollback was answered. A session that the
 * server ended answers neither, nor `begin`; each would be counted as lent for ever, until none were left and a close waited without end.
 */
class ReturningConnection extends PostgreSqlConnection {
  private pool: Pool | null = null;

  override createKyselyDialect(overrides: Overrides): Dialect {
    const hooked: Overrides & PoolHook = {
      ...overrides,
      onPoolCreated: (pool) => {
        this.pool = pool;
        return (overrides as PoolHook).onPoolCreated?.(pool);
      },
    };
    const dialect = super.createKyselyDialect(hooked);
    const createDriver = dialect.createDriver.bind(dialect);
    dialect.createDriver = () => returning(createDriver());
    return dialect;
  }

  /**
   * **Why** it ends the pool itself: the query builder ends none that it has not used, and a process that only ran hand-written statements
   * would go on until the last of its idle sessions is given up.
   */
  override async close(force?: boolean): Promise<void> {
    const { pool } = this;
    await super.close(force);
    if (pool !== null && !pool.ending) await pool.end();
  }
}

/** The ORM's driver for PostgreSQL, over connections that none of its transactions keeps. */
export class ReturningDriver extends PostgreSqlDriver {
  protected override readonly connection = new ReturningConnection(this.config);
}

/** A failed commit needs nothing here: the ORM rolls back behind it. */
function returning(driver: PoolDriver): PoolDriver {
  const begin = driver.beginTransaction.bind(driver);
  const rollback = driver.rollbackTransaction.bind(driver);

  /**
   * **Why** a rollback first: a lost session is known as such when it was refused, and the pool then closes it; one that lives goes
   * back without a transaction.
   */
  async function giveBack(session: Session): Promise<void> {
    await rollback(session).catch(() => undefined);
    await driver.releaseConnection(session);
  }

  driver.beginTransaction = async (session, settings) => {
    try {
      await begin(session, settings);
    } catch (error) {
      await giveBack(session);
      throw error;
    }
  };
  driver.rollbackTransaction = async (session) => {
    try {
      await rollback(session);
    } catch (error) {
      await giveBack(session);
      throw error;
    }
  };
  return driver;
}
