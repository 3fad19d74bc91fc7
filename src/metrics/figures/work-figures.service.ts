import { Injectable } from '@nestjs/common';
import { EventStreamsService } from '../../chat-history/events/event-streams.service.js';
import { RetentionService } from '../../chat-history/retention/retention.service.js';
import { ReplicaReads } from '../../database/replica-reads.service.js';
import { SqlService } from '../../database/sql.service.js';
import { EncryptionService } from '../../encryption/encryption.service.js';
import { StockImportService } from '../../stock-import/stock-import.service.js';

/** What the features of this process say of themselves, without the database. */
@Injectable()
export class WorkFiguresService {
  constructor(
    readonly imports: StockImportService,
    readonly retention: RetentionService,
    private readonly events: EventStreamsService,
    private readonly encryption: EncryptionService,
    private readonly sql: SqlService,
    private readonly replicaReads: ReplicaReads,
  ) {}

  get openStreams(): number {
    return this.events.openCount;
  }

  get revisionsBehind(): number {
    return this.events.revisionsBehind;
  }

  /** Read replicas that are configured. */
  get replicas(): ReplicaReads['standing'] {
    return this.replicaReads.standing;
  }

  /** Ids of the keys on the ring, the primary first. */
  get keyIds(): readonly string[] {
    return this.encryption.keyIds;
  }

  async pool(): ReturnType<SqlService['poolState']> {
    return this.sql.poolState();
  }
}
