import { Injectable } from '@nestjs/common';
import { makeCursor, readCursor } from '../common/pagination.js';
import { SqlService } from '../database/sql.service.js';
import { SignerService } from '../encryption/signer.service.js';
import { auditPage, type AuditPage } from './audit.queries.js';

/** What a list of events asks for. */
export interface ListAuditEvents extends Omit<AuditPage, 'before'> {
  readonly cursor: string | undefined;
}

/** A page of JSON texts, ready to send. */
export interface AuditEventPage {
  readonly data: readonly string[];
  readonly nextCursor: string | null;
}

/** Reads the audit log. */
@Injectable()
export class AuditLogService {
  constructor(
    private readonly sql: SqlService,
    private readonly signer: SignerService,
  ) {}

  /** A page of events, newest first. **Errors**: `InvalidCursor`. */
  async list({ cursor, ...query }: ListAuditEvents): Promise<AuditEventPage> {
    const { action, outcome, userId, from, to, limit } = query;
    const scope = ['audit', action, outcome, userId, from, to];
    const before = readCursor(this.signer, scope, cursor) as AuditPage['before'];
    const rows = await this.sql.read(auditPage({ ...query, before }));
    const page = rows.slice(0, limit);
    const last = rows.length > limit ? page.at(-1) : undefined;
    return {
      data: page.map(([, , json]) => json as string),
      nextCursor: last === undefined ? null : makeCursor(this.signer, scope, [last[0], last[1]]),
    };
  }
}
