import { Injectable } from '@nestjs/common';
import { SqlService } from '../../database/sql.service.js';
import { archiverState } from './archiver.queries.js';

/** How archiving of the database's log goes. **Units**: segments; instants as seconds since 1970, null when there was none. */
export interface ArchiverFigures {
  readonly archived: number;
  readonly failed: number;
  readonly lastArchivedAt: number | null;
  readonly lastFailedAt: number | null;
}

/** Asks the server how its archiving goes, on which point-in-time recovery rests. */
@Injectable()
export class ArchiverService {
  constructor(private readonly sql: SqlService) {}

  /** **Shape**: undefined where the server does not archive. */
  async read(): Promise<ArchiverFigures | undefined> {
    const row = await this.sql.readOne(archiverState());
    const [isOn, archived, failed, lastArchivedAt, lastFailedAt] = row ?? [];
    if (isOn !== true) return undefined;
    return {
      archived: Number(archived),
      failed: Number(failed),
      lastArchivedAt: lastArchivedAt as number | null,
      lastFailedAt: lastFailedAt as number | null,
    };
  }
}
