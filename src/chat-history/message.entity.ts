import { defineEntity, p } from '@mikro-orm/core';
import { ownOrVisitorRows } from '../database/own-rows.js';
import { Conversation } from './conversation.entity.js';

/** One message of a conversation. */
export const MessageSchema = defineEntity({
  name: 'Message',
  tableName: 'messages',
  properties: {
    id: p.uuid().primary(),
    conversation: () =>
      p.manyToOne(Conversation).deleteRule('cascade').foreignKeyName('messages_conversation_id_fkey'),
    /** The owner of the conversation. */
    ownerId: p.uuid(),
    /** From 1, without gaps. */
    seq: p.integer(),
    role: p.text(),
    /** At most 64 KiB of UTF-8; empty once redacted. */
    content: p.text(),
    /** As they are given out, but for what may change: status and current bar. */
    citations: p.json<readonly unknown[]>().defaultRaw(`'[]'`),
    metadata: p.json<Readonly<Record<string, unknown>>>().nullable(),
    createdAt: p.datetime().columnType('timestamptz').defaultRaw('clock_timestamp()'),
    redactedAt: p.datetime().columnType('timestamptz').nullable(),
    /** Text-search configuration of PostgreSQL that the content was stored under. */
    language: p.text().default('english'),
    /** `message_search(language, content)`: given by an append, otherwise filled in by the database. */
    search: p.text().columnType('tsvector').nullable(),
    /** SHA-256 of the request that made it, in canonical form; 32 bytes. Null once redacted. */
    requestDigest: p.blob().columnType('bytea').nullable().hidden(),
  },
  uniques: [{ name: 'messages_conversation_id_seq_key', properties: ['conversation', 'seq'] }],
  indexes: [
    { name: 'messages_owner_id_id_idx', properties: ['ownerId', 'id'] },
    { name: 'messages_owner_id_created_at_id_idx', properties: ['ownerId', 'createdAt', 'id'] },
    { name: 'messages_created_at_idx', properties: ['createdAt'] },
    {
      name: 'messages_citations_idx',
      expression: 'create index messages_citations_idx on messages using gin (citations jsonb_path_ops)',
    },
  ],
  checks: [
    { name: 'messages_seq_check', expression: 'seq >= 1' },
    { name: 'messages_role_check', expression: `role in ('user', 'assistant', 'system', 'tool')` },
    { name: 'messages_content_check', expression: 'octet_length(content) <= 65536' },
    {
      name: 'messages_citations_check',
      expression: `jsonb_typeof(citations) = 'array' and jsonb_array_length(citations) <= 50`,
    },
    { name: 'messages_metadata_check', expression: 'octet_length(metadata::text) <= 32768' },
    { name: 'messages_request_digest_check', expression: 'length(request_digest) = 32' },
    {
      name: 'messages_redacted_at_check',
      expression: `redacted_at is null or (content = '' and citations = '[]'::jsonb and metadata is null)`,
    },
  ],
  ...ownOrVisitorRows('messages', { retention: 'all' }),
});

/** See {@link MessageSchema}. */
export class Message extends MessageSchema.class {}
MessageSchema.setClass(Message);
