import { Injectable } from '@nestjs/common';
import { driverErrorFacts } from './driver-errors.js';
import { migrationNames } from './migration-files.js';
import { appliedMigrations, ping } from './schema-state.queries.js';
import { SqlService } from './sql.service.js';

/** How the database's schema compares with this build. */
export interface SchemaComparison {
  /** Known here, not applied there: the database is older. */
  readonly pending: readonly string[];
  /** Applied there, unknown here: the database is newer. */
  readonly unknown: readonly string[];
}

/** Answers whether the database is there and at the version that this build expects. */
@Injectable()
export class SchemaState {
  private readonly expected = migrationNames();

  constructor(private readonly sql: SqlService) {}

  /** One round trip. **Errors**: those of `SqlService.read`. */
  async ping(): Promise<void> {
    await this.sql.read(ping());
  }

  /** **Errors**: those of `SqlService.read`. */
  async compare(): Promise<SchemaComparison> {
    const applied = new Set(await this.applied());
    return {
      pending: this.expected.filter((name) => !applied.has(name)),
      unknown: [...applied].filter((name) => !this.expected.includes(name)),
    };
  }

  private async applied(): Promise<readonly string[]> {
    try {
      return (await this.sql.read(appliedMigrations())).map(([name]) => String(name));
    } catch (error) {
      // The table of applied migrations is made by the first one.
      if (driverErrorFacts(error).code === '42P01') return [];
      throw error;
    }
  }
}
