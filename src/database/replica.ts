import { createPostgreSqlTypeParsers } from '@mikro-orm/sql';
import { Pool, TypeOverrides } from 'pg';
import type { ConnectionSettings, Settings } from '../config/settings.js';
import { clientConfig } from './direct-connection.js';
import { isClientPoisoned } from './driver-errors.js';
import { sessionLimits } from './orm-options.js';
import { ReplicaState } from './replica-state.js';
import { driverQuery, type Row, type Statement } from './statement.js';

/** A replica that keeps a read waiting for longer has not helped: the primary is asked. **Units**: milliseconds. */
const PATIENCE_MS = 2_000;

/** One replica: a pool of its own, and what is known of it. */
export class Replica {
  readonly state = new ReplicaState();
  /** Where it is, for the log. */
  readonly address: string;
  private readonly pool: Pool;
  private readonly named: boolean;

  constructor(connection: ConnectionSettings, { database }: Settings) {
    const { pool, timeouts, namedStatements } = database;
    const patience = Math.min(PATIENCE_MS, timeouts.statementMs);
    this.address = `${connection.host}:${connection.port}`;
    this.named = namedStatements;
    this.pool = new Pool({
      ...clientConfig(connection),
      ...sessionLimits({ ...database, timeouts: { ...timeouts, statementMs: patience } }),
      query_timeout: patience,
      connectionTimeoutMillis: Math.min(patience, pool.acquireTimeoutMs),
      max: pool.max,
      idleTimeoutMillis: pool.idleTimeoutMs,
      maxLifetimeSeconds: pool.maxLifetimeSeconds,
      types: ormTypes(),
    });
    // A connection that drops while idle is reported here; without a listener it would end the process.
    this.pool.on('error', () => undefined);
    this.pool.on('connect', (client) => client.on('error', () => undefined));
  }

  /** The only row of a statement, or null. **Errors**: the driver's. */
  async readOne(statement: Statement): Promise<Row | null> {
    const client = await this.pool.connect();
    let poisoned = false;
    try {
      const { rows } = await client.query<unknown[]>(driverQuery(statement, this.named));
      return rows[0] ?? null;
    } catch (error) {
      poisoned = isClientPoisoned(error);
      throw error;
    } finally {
      client.release(poisoned);
    }
  }

  async close(): Promise<void> {
    await this.pool.end();
  }
}

/** Values come as they do from the primary, whose pool the ORM made. */
function ormTypes(): TypeOverrides {
  const types = new TypeOverrides();
  for (const [oid, parser] of Object.entries(createPostgreSqlTypeParsers((text) => [text]))) {
    types.setTypeParser(Number(oid), parser);
  }
  return types;
}
