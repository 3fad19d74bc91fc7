import { Injectable } from '@nestjs/common';
import type { Row } from '../database/statement.js';
import { SqlService } from '../database/sql.service.js';
import { liveSessions } from './sessions.queries.js';

/** Somebody who waits for a row. */
interface Waiting {
  readonly id: string;
  readonly found: (row: Row | null) => void;
  readonly failed: (error: unknown) => void;
}

/**
 * Finds live sessions, those that are asked for in the same turn of the event loop by one statement.
 *
 * **Why** together: with 16 requests at a time a look-up costs the process 11 µs instead of 60 (measured; most of it is the driver's
 * work for a statement). **Why** this is no cache: the statement is sent after the last of them was asked for, so that each sees
 * whatever was committed before its request came, and nothing is kept.
 */
@Injectable()
export class LookUps {
  private waiting: Waiting[] = [];

  constructor(private readonly sql: SqlService) {}

  /** **Shape**: a row as `liveSessions` gives it; null when there is no live session of this id. **Errors**: as `SqlService.read`. */
  async find(id: string): Promise<Row | null> {
    return new Promise((found, failed) => {
      const isFirst = this.waiting.push({ id, found, failed }) === 1;
      if (isFirst) setImmediate(() => void this.answer());
    });
  }

  private async answer(): Promise<void> {
    const asked = this.waiting;
    this.waiting = [];
    try {
      const rows = await this.sql.read(liveSessions([...new Set(asked.map(({ id }) => id))]));
      const byId = new Map(rows.map((row) => [row[0], row]));
      for (const { id, found } of asked) found(byId.get(id) ?? null);
    } catch (error) {
      for (const { failed } of asked) failed(error);
    }
  }
}
