import { defineEntity, p } from '@mikro-orm/core';
import { baseProperties } from '../database/base.properties.js';
import { ownOrVisitorRows } from '../database/own-rows.js';
import { Session } from '../sessions/session.entity.js';
import { User } from '../users/user.entity.js';
import { BranchSchema } from '../versioning/branches/branch.entity.js';
import { RevisionSchema } from '../versioning/revisions/revision.entity.js';

/** A conversation of one person or one visitor. */
export const ConversationSchema = defineEntity({
  name: 'Conversation',
  tableName: 'conversations',
  properties: {
    ...baseProperties,
    user: () =>
      p.manyToOne(User).nullable().deleteRule('cascade').foreignKeyName('conversations_user_id_fkey'),
    visitor: () =>
      p
        .manyToOne(Session)
        .nullable()
        .fieldName('visitor_id')
        .deleteRule('cascade')
        .foreignKeyName('conversations_visitor_id_fkey'),
    /** The person, or the visitor's session. */
    ownerId: p.uuid().generated('(coalesce(user_id, visitor_id)) stored'),
    title: p.text().nullable(),
    metadata: p.json<Readonly<Record<string, unknown>>>().nullable(),
    /** Of a fork: the conversation whose first `forkSeq` messages it shows. */
    parent: () =>
      p
        .manyToOne(ConversationSchema)
        .ref()
        .nullable()
        .fieldName('parent_id')
        .deleteRule('no action')
        .foreignKeyName('conversations_parent_id_fkey'),
    forkSeq: p.integer().nullable(),
    /** Null: citations may be of anything known when they are made. */
    asOfRevision: () =>
      p
        .manyToOne(RevisionSchema)
        .ref()
        .nullable()
        .fieldName('as_of_revision')
        .deleteRule('no action')
        .foreignKeyName('conversations_as_of_revision_fkey'),
    branch: () =>
      p
        .manyToOne(BranchSchema)
        .ref()
        .fieldName('branch_id')
        .default(1)
        .foreignKeyName('conversations_branch_id_fkey'),
    isPinned: p.boolean().default(false),
    isArchived: p.boolean().default(false),
    retainUntil: p.datetime().columnType('timestamptz').nullable(),
    /** Of the newest message, inherited ones included; 0 while there is none. */
    lastSeq: p.integer().default(0),
    lastActivityAt: p.datetime().columnType('timestamptz').defaultRaw('now()'),
    /** Set: gone for its owner. The row stays, so that its id cannot be made again. */
    deletedAt: p.datetime().columnType('timestamptz').nullable(),
    /** SHA-256 of the request that made it, in canonical form; 32 bytes. */
    requestDigest: p.blob().columnType('bytea').nullable().hidden(),
  },
  indexes: [
    {
      name: 'conversations_owner_id_last_activity_at_id_idx',
      properties: ['ownerId', 'lastActivityAt', 'id'],
      where: 'deleted_at is null',
    },
    { name: 'conversations_user_id_idx', properties: ['user'], where: 'user_id is not null' },
    { name: 'conversations_visitor_id_idx', properties: ['visitor'], where: 'visitor_id is not null' },
    { name: 'conversations_parent_id_idx', properties: ['parent'], where: 'parent_id is not null' },
  ],
  checks: [
    { name: 'conversations_owner_check', expression: '(user_id is null) <> (visitor_id is null)' },
    {
      name: 'conversations_fork_seq_check',
      expression: '(parent_id is null) = (fork_seq is null) and fork_seq >= 0',
    },
    { name: 'conversations_last_seq_check', expression: 'last_seq >= coalesce(fork_seq, 0)' },
    { name: 'conversations_title_check', expression: 'length(title) <= 200' },
    { name: 'conversations_metadata_check', expression: 'octet_length(metadata::text) <= 32768' },
    { name: 'conversations_request_digest_check', expression: 'length(request_digest) = 32' },
  ],
  ...ownOrVisitorRows('conversations', { retention: 'all' }),
});

/** See {@link ConversationSchema}. */
export class Conversation extends ConversationSchema.class {}
ConversationSchema.setClass(Conversation);
