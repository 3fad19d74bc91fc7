import { z } from 'zod';
import { pageQuery } from '../../common/pagination.js';
import { AUDIT_ACTIONS, AUDIT_OUTCOMES } from '../audit.types.js';

const FIRST_INSTANT = Date.parse('0001-01-01T00:00:00Z');
const LAST_INSTANT = Date.parse('9999-12-31T23:59:59.999Z');

/** Outside these years, in UTC, the text is not one that the database reads. */
const instant = z.iso
  .datetime({ offset: true })
  .refine((text) => {
    const at = Date.parse(text);
    return at >= FIRST_INSTANT && at <= LAST_INSTANT;
  }, 'must be a year from 1 to 9999')
  .optional();

/** Query of `GET /v1/audit-events`. */
export const listAuditEventsQuery = z.strictObject({
  action: z.enum(AUDIT_ACTIONS).optional(),
  outcome: z.enum(AUDIT_OUTCOMES).optional(),
  userId: z.uuid().optional().meta({ description: 'Who did it.' }),
  from: instant.meta({ description: 'Events at this instant or later.' }),
  to: instant.meta({ description: 'Events before this instant.' }),
  ...pageQuery,
});
export type ListAuditEventsQuery = z.infer<typeof listAuditEventsQuery>;

const auditEventResponse = z
  .strictObject({
    id: z.uuid(),
    createdAt: z.iso.datetime(),
    action: z.string(),
    outcome: z.enum(AUDIT_OUTCOMES),
    userId: z
      .uuid()
      .nullable()
      .meta({ description: 'Who did it; null for somebody unknown, and for the command line.' }),
    sessionId: z.uuid().nullable().meta({ description: "The session it was done in, a visitor's too." }),
    target: z
      .strictObject({ type: z.string(), id: z.string() })
      .nullable()
      .meta({ description: 'What it was done to.' }),
    address: z.string().nullable(),
    userAgent: z.string().nullable(),
    requestId: z.string().nullable(),
    details: z.record(z.string(), z.unknown()).nullable(),
  })
  .meta({ id: 'AuditEvent' });

/** A page of the audit log. */
export const auditEventListResponse = z
  .strictObject({ data: z.array(auditEventResponse), nextCursor: z.string().nullable() })
  .meta({ id: 'AuditEventList' });
