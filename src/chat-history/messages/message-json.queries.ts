import { shownCitations } from '../citations/citations.queries.js';

const instant = (column: string): string =>
  `to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;

/**
 * One message as JSON text. **Shape**: SQL over `m`, a message; `inherited` is SQL of a boolean, `citations` SQL of theirs as JSON text:
 * as stored where nothing on them changes, else with the status of quoted prices.
 */
export function messageJson(inherited: string, citations = shownCitations('m')): string {
  return `format(
        '{"id":"%s","conversationId":"%s","seq":%s,"role":"%s","content":%s,"citations":%s,"metadata":%s,"createdAt":"%s","redactedAt":%s,"inherited":%s}',
        m.id, m.conversation_id, m.seq, m.role, to_json(m.content), ${citations},
        coalesce(m.metadata::text, 'null'), ${instant('m.created_at')},
        coalesce('"' || ${instant('m.redacted_at')} || '"', 'null'), case when ${inherited} then 'true' else 'false' end
      )`;
}
