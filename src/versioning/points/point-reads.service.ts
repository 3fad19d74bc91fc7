import { Inject, Injectable } from '@nestjs/common';
import { SETTINGS, type Settings } from '../../config/settings.js';
import { positionOf, ReplicaReads } from '../../database/replica-reads.service.js';
import { SqlService } from '../../database/sql.service.js';
import type { Row, Statement } from '../../database/statement.js';
import { headRevision } from '../revisions/revisions.queries.js';
import { StoreHistory } from './store-history.service.js';
import { AsOfInFuture } from '../versioning.errors.js';
import type { ReadPoint } from '../versioning.types.js';

/**
 * Reads at a point, on a replica where one may answer.
 *
 * A revision reads the same wherever it has arrived, so the revision is the token: a read that names one goes to any replica that has
 * replayed it, and to the primary otherwise. "Now" is the primary's, unless the configuration lets replicas answer it too.
 */
@Injectable()
export class PointReads {
  private readonly nowFromReplicas: boolean;
  /** The newest revision of any answer: "now" of one process never goes back, whichever replica says it. */
  private newestSeen = 0;

  constructor(
    private readonly sql: SqlService,
    private readonly replicas: ReplicaReads,
    private readonly history: StoreHistory,
    @Inject(SETTINGS) settings: Settings,
  ) {
    history.onChange(() => (this.newestSeen = 0));
    this.nowFromReplicas = settings.database.replicaReads === 'all';
  }

  /**
   * The only row of a statement, whose first column is the head of its own snapshot (`StoreHistory.head`).
   *
   * **Errors**: those of the database; `HistoryChanged`; `AsOfInFuture` for "now" at a revision that the primary does not have.
   */
  async readOne(point: ReadPoint, statement: Statement): Promise<Row | null> {
    const wanted = point.atLeast ?? 0;
    const atLeast = point.isNow ? Math.max(wanted, this.newestSeen) : point.revision;
    const mayLag = !point.isNow || this.nowFromReplicas;
    const replayed = mayLag
      ? await this.replicas.readOne(statement, { atLeast, look: headRevision() })
      : null;
    const row = replayed ?? (await this.sql.readOne(statement));
    const head = positionOf(row);
    // What a replica shows of the past was compared by whoever read the present.
    if (replayed === null || !this.history.isBehind(head)) await this.history.confirm(String(row?.[0]));
    if (point.isNow && wanted > head) throw new AsOfInFuture(String(wanted), head);
    this.newestSeen = Math.max(this.newestSeen, head);
    return row;
  }
}
