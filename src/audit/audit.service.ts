import type { EntityManager } from '@mikro-orm/postgresql';
import { Injectable, Logger } from '@nestjs/common';
import { NOBODY, UnitOfWork } from '../database/unit-of-work.service.js';
import { AuditEvent } from './audit-event.entity.js';
import type { AuditEntry } from './audit.types.js';

/** Writes the audit log. */
@Injectable()
export class AuditService {
  private readonly logger = new Logger('Audit');

  constructor(private readonly unitOfWork: UnitOfWork) {}

  /** Adds an event to a unit of work: it stands in the log exactly if the deed was done. */
  record(em: EntityManager, entry: AuditEntry): void {
    em.persist(
      em.create(AuditEvent, {
        action: entry.action,
        outcome: entry.outcome,
        userId: entry.userId,
        sessionId: entry.sessionId ?? null,
        targetType: entry.target?.type ?? null,
        targetId: entry.target?.id ?? null,
        address: entry.origin?.address ?? null,
        userAgent: entry.origin?.userAgent ?? null,
        requestId: entry.origin?.requestId ?? null,
        details: entry.details ?? null,
      }),
    );
  }

  /** Writes an event by itself, for what was not done. **Why** no error: what it is told of must be answered all the same. */
  async note(entry: AuditEntry): Promise<void> {
    try {
      await this.unitOfWork.run(NOBODY, async (em) => this.record(em, entry));
    } catch (error) {
      this.logger.error({ msg: 'audit event lost', action: entry.action, err: error });
    }
  }
}
