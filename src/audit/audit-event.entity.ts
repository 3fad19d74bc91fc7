import { defineEntity, p } from '@mikro-orm/core';
import { v7 as uuidv7 } from 'uuid';

/** One thing that happened to an account, a session or a secret. Added, never changed. */
export const AuditEventSchema = defineEntity({
  name: 'AuditEvent',
  tableName: 'audit_events',
  properties: {
    id: p
      .uuid()
      .primary()
      .onCreate(() => uuidv7()),
    /** By the database's clock; the application cannot write it. */
    createdAt: p.datetime().columnType('timestamptz').defaultRaw('now()'),
    action: p.text(),
    outcome: p.text(),
    /** Who did it; no reference, so that the event outlives the person. */
    userId: p.uuid().nullable(),
    sessionId: p.uuid().nullable(),
    targetType: p.text().nullable(),
    targetId: p.text().nullable(),
    address: p.text().nullable(),
    userAgent: p.text().nullable(),
    requestId: p.text().nullable(),
    details: p.json<Readonly<Record<string, unknown>>>().nullable(),
  },
  indexes: [
    { name: 'audit_events_created_at_idx', properties: ['createdAt', 'id'] },
    { name: 'audit_events_user_id_idx', properties: ['userId', 'createdAt', 'id'] },
    { name: 'audit_events_action_idx', properties: ['action', 'createdAt', 'id'] },
  ],
  checks: [
    { name: 'audit_events_action_check', expression: 'length(action) >= 1 and length(action) <= 64' },
    { name: 'audit_events_outcome_check', expression: `outcome in ('success', 'failure', 'refused')` },
    {
      name: 'audit_events_target_check',
      expression:
        '(target_type is null) = (target_id is null) and length(target_type) <= 32 and length(target_id) <= 256',
    },
    { name: 'audit_events_address_check', expression: 'length(address) <= 64' },
    { name: 'audit_events_user_agent_check', expression: 'length(user_agent) <= 512' },
    { name: 'audit_events_request_id_check', expression: 'length(request_id) <= 128' },
    { name: 'audit_events_details_check', expression: 'length(details::text) <= 4096' },
  ],
});

/** See {@link AuditEventSchema}. */
export class AuditEvent extends AuditEventSchema.class {}
AuditEventSchema.setClass(AuditEvent);
