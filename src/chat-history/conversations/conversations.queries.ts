import type { Statement } from '../../database/statement.js';
import type { HistoryOwner } from '../history-owner.types.js';

const instant = (column: string): string =>
  `to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;

/** A conversation as JSON text. `c` is conversations. */
const CONVERSATION_JSON = `(
        select row_to_json(j)::text
        from (
          select c.id, c.title, c.metadata, c.as_of_revision as "asOf",
            (select b.name from branches b where b.id = c.branch_id) as branch,
            c.parent_id as "parentId", c.fork_seq as "forkSeq", c.is_archived as archived, c.is_pinned as pinned,
            ${instant('c.retain_until')} as "retainUntil", c.last_seq as "lastSeq",
            ${instant('c.last_activity_at')} as "lastActivityAt", ${instant('c.created_at')} as "createdAt",
            ${instant('c.updated_at')} as "updatedAt"
        ) j
      )`;

/**
 * Keeps a visitor from signing in, or being signed out, until the transaction ends: rows made for one who just became somebody would
 * be nobody's. **Shape**: a row while the session lives.
 */
export function holdVisitor(visitorId: string): Statement {
  return {
    name: 'conversation_hold_visitor',
    text: 'select from sessions where id = $1 and revoked_at is null for share',
    values: [visitorId],
  };
}

/** **Shape**: one row: the newest revision, 0 when there is none. */
export function newestRevision(): Statement {
  return {
    name: 'conversation_newest_revision',
    text: 'select coalesce(max(id), 0)::float8 from revisions',
    values: [],
  };
}

/** A conversation to be stored. **Shape**: `metadata` is JSON text; `parent` is null unless it is a fork. */
export interface ConversationRow {
  readonly id: string;
  readonly owner: HistoryOwner;
  readonly title: string | null;
  readonly metadata: string | null;
  readonly asOfRevision: number | null;
  readonly branchId: number;
  readonly parent: { readonly id: string; readonly forkSeq: number } | null;
  readonly requestDigest: Buffer;
}

/** Stores a conversation. **Shape**: version and JSON text; no row when the id is taken, by whomever. */
export function addConversation(row: ConversationRow): Statement {
  const { id, owner, title, metadata, asOfRevision, branchId, parent, requestDigest } = row;
  return {
    name: 'conversation_add',
    text: `
      insert into conversations as c
        (id, user_id, visitor_id, title, metadata, as_of_revision, branch_id, parent_id, fork_seq, last_seq, request_digest)
      values ($1, $2, $3, $4, $5, $6, $7, $8, $9::integer, coalesce($9::integer, 0), $10)
      on conflict (id) do nothing
      returning c.version, ${CONVERSATION_JSON}`,
    values: [
      ...[id, owner.userId, owner.visitorId, title, metadata, asOfRevision, branchId],
      ...[parent?.id ?? null, parent?.forkSeq ?? null, requestDigest],
    ],
  };
}

/** **Shape**: request digest, version and JSON text of one of the owner's conversations, deleted ones too; or no row. */
export function conversationMade(id: string, ownerId: string): Statement {
  return {
    name: 'conversation_made',
    text: `
      select c.request_digest, c.version, ${CONVERSATION_JSON}
      from conversations c
      where c.id = $1
        and c.owner_id = $2`,
    values: [id, ownerId],
  };
}

/** **Shape**: version and JSON text, or no row. */
export function conversationById(id: string, ownerId: string): Statement {
  return {
    name: 'conversation_by_id',
    text: `
      select c.version, ${CONVERSATION_JSON}
      from conversations c
      where c.id = $1
        and c.owner_id = $2
        and c.deleted_at is null`,
    values: [id, ownerId],
  };
}

/** What a list asks for. **Shape**: `archived` and `pinned` are null for both; `after` is the last one of the page before. */
export interface ConversationPage {
  readonly ownerId: string;
  readonly archived: boolean | null;
  readonly pinned: boolean | null;
  readonly after: readonly [activity: string, id: string] | null;
  readonly limit: number;
}

/** **Shape**: rows of instant of the last activity (microseconds), id and JSON text, newest activity first, one more than `limit` when there are more. */
export function conversationPage(page: ConversationPage): Statement {
  const { ownerId, archived, pinned, after, limit } = page;
  return {
    name: after === null ? 'conversation_first_page' : 'conversation_page',
    text: `
      select to_char(c.last_activity_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), c.id, ${CONVERSATION_JSON}
      from conversations c
      where c.owner_id = $1
        and c.deleted_at is null
        and ($2::boolean is null or c.is_archived = $2)
        and ($3::boolean is null or c.is_pinned = $3)
        ${after === null ? '' : 'and (c.last_activity_at, c.id) < ($5::timestamptz, $6::uuid)'}
      order by c.last_activity_at desc, c.id desc
      limit $4`,
    values: [ownerId, archived, pinned, limit + 1, ...(after ?? [])],
  };
}

/**
 * Locks a conversation for a change. **Shape**: its version, and whether `retainUntil` is before it was made, to the millisecond that
 * answers tell; or no row.
 */
export function conversationToChange(id: string, ownerId: string, retainUntil: string | null): Statement {
  return {
    name: 'conversation_to_change',
    text: `
      select c.version, coalesce($3::timestamptz < date_trunc('milliseconds', c.created_at), false)
      from conversations c
      where c.id = $1
        and c.owner_id = $2
        and c.deleted_at is null
      for no key update`,
    values: [id, ownerId, retainUntil],
  };
}

/** What to change. A missing member stays as it is; null clears. */
export interface ConversationChanges {
  readonly title?: string | null | undefined;
  readonly archived?: boolean | undefined;
  readonly pinned?: boolean | undefined;
  readonly retainUntil?: string | null | undefined;
}

/** **Shape**: version and JSON text as changed. */
export function changeConversation(id: string, ownerId: string, changes: ConversationChanges): Statement {
  const { title, archived, pinned, retainUntil } = changes;
  return {
    name: 'conversation_change',
    text: `
      update conversations c
      set title = case when $3 then $4 else title end,
        retain_until = case when $5 then $6::timestamptz else retain_until end,
        is_archived = coalesce($7, is_archived),
        is_pinned = coalesce($8, is_pinned),
        version = version + 1,
        updated_at = now()
      where c.id = $1
        and c.owner_id = $2
      returning c.version, ${CONVERSATION_JSON}`,
    values: [
      ...[id, ownerId, title !== undefined, title ?? null, retainUntil !== undefined, retainUntil ?? null],
      ...[archived ?? null, pinned ?? null],
    ],
  };
}
