import type { EntityManager } from '@mikro-orm/postgresql';
import { Injectable, Logger } from '@nestjs/common';
import { NOBODY, UnitOfWork } from '../database/unit-of-work.service.js';
import { AuditEvent } from './audit-event.entity.js';
import type { AuditEntry } from './audit.types.js';

/** As the table's checks have it. What comes from a request is cut to fit: a client must not be able to keep an event out of the log. */
const MAX_LENGTH = { target: 256, address: 64, userAgent: 512, requestId: 128 } as const;

/** Writes the audit log. */
@Injectable()
export class AuditService {
  private readonly logger = new Logger('Audit');

  constructor(private readonly unitOfWork: UnitOfWork) {}

  /** Adds an event to a unit of work: it stands in the log exactly if the deed was done. */
  record(em: EntityManager, entry: AuditEntry): void {
    const { action, outcome, userId, sessionId, target, origin, details } = entry;
    em.persist(
      em.create(AuditEvent, {
        action,
        outcome,
        userId,
        sessionId: sessionId ?? null,
        targetType: target?.type ?? null,
        targetId: cut(target?.id, MAX_LENGTH.target),
        address: cut(origin?.address, MAX_LENGTH.address),
        userAgent: cut(origin?.userAgent, MAX_LENGTH.userAgent),
        requestId: cut(origin?.requestId, MAX_LENGTH.requestId),
        details: details ?? null,
      }),
    );
  }

  /**
   * Writes an event by itself, for what was not done.
   *
   * **Why** no error: what it is told of must be answered all the same. An event that could not be stored goes to the service's log
   * instead, whole.
   */
  async note(entry: AuditEntry): Promise<void> {
    try {
      await this.unitOfWork.run(NOBODY, async (em) => this.record(em, entry));
    } catch (error) {
      this.logger.error({ msg: 'audit event not stored', event: entry, err: error });
    }
  }
}

/** **Shape**: at most `max` characters, no half of a surrogate pair; null for nothing. */
function cut(text: string | null | undefined, max: number): string | null {
  // U+0000 cannot be stored, and no header or address has it by right.
  return text?.slice(0, max).toWellFormed().replaceAll('\0', '\uFFFD') ?? null;
}
