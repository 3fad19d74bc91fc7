import { shownCitations } from '../citations/citations.queries.js';

/** SQL of an instant as answers hold it. */
export const instant = (column: string): string =>
  `to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;

const FRAME =
  '{"id":"%s","conversationId":"%s","seq":%s,"role":"%s","content":%s,"citations":%s,"metadata":%s,"createdAt":"%s","redactedAt":%s,"inherited":%s}';

/** The shortest that stands in each place of {@link FRAME} but those of content, citations and metadata. */
const SHORTEST = ['i'.repeat(36), 'i'.repeat(36), '1', 'user', '""', 't'.repeat(24), 'null', 'true'];

/** What a message takes as JSON text beside its content, citations and metadata. **Units**: bytes, at least. */
const FRAME_BYTES = FRAME.replaceAll('%s', '').length + SHORTEST.join('').length;

/**
 * How long {@link messageJson} is at least, without making it. **Shape**: SQL over `m`, a message. **Units**: bytes; escaped signs and
 * the status of quoted prices come on top.
 */
export const LEAST_JSON_BYTES = `(
        ${FRAME_BYTES} + octet_length(m.content) + octet_length(m.citations::text) + coalesce(octet_length(m.metadata::text), 4)
      )`;

/**
 * One message as JSON text. **Shape**: SQL over `m`, a message; `inherited` is SQL of a boolean, `citations` SQL of theirs as JSON text:
 * as stored where nothing on them changes, else with the status of quoted prices.
 */
export function messageJson(inherited: string, citations = shownCitations('m')): string {
  return `format(
        '${FRAME}',
        m.id, m.conversation_id, m.seq, m.role, to_json(m.content), ${citations},
        coalesce(m.metadata::text, 'null'), ${instant('m.created_at')},
        coalesce('"' || ${instant('m.redacted_at')} || '"', 'null'), case when ${inherited} then 'true' else 'false' end
      )`;
}
