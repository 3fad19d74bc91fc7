import { Injectable } from '@nestjs/common';
import { Batcher } from '../common/batcher.js';
import type { Row } from '../database/statement.js';
import { SqlService } from '../database/sql.service.js';
import { liveSessions } from './sessions.queries.js';

/** Sessions that are looked up with one statement. */
const MAX_BATCH = 256;

/**
 * Finds live sessions, those that are asked for while a look-up is under way by the next one.
 *
 * **Why** together: alone a look-up costs the process 60 µs and PostgreSQL as much; most of it is the work for a statement, whatever it
 * asks. **Why** this is no cache: the statement is sent after the last of them was asked for, so that each sees whatever was committed
 * before its request came, and nothing is kept.
 */
@Injectable()
export class LookUps {
  private readonly sessions: Batcher<string, Row | null>;

  constructor(private readonly sql: SqlService) {
    this.sessions = new Batcher((ids) => this.ask(ids), MAX_BATCH);
  }

  /** **Shape**: a row as `liveSessions` gives it; null when there is no live session of this id. **Errors**: as `SqlService.read`. */
  async find(id: string): Promise<Row | null> {
    return this.sessions.load(id);
  }

  private async ask(ids: readonly string[]): Promise<readonly (Row | null)[]> {
    const rows = await this.sql.read(liveSessions([...new Set(ids)]));
    const byId = new Map(rows.map((row) => [row[0], row]));
    return ids.map((id) => byId.get(id) ?? null);
  }
}
