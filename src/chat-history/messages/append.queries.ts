import type { Statement } from '../../database/statement.js';
import type { QuotesPlace } from '../../stock-data/quotes/quotes.types.js';
import { VersioningService } from '../../versioning/versioning.service.js';
import type { Pin, QuotedAt } from '../citations/citations.types.js';
import { instant, messageJson } from './message-json.queries.js';

/**
 * Takes the conversation for this append, before anything that is found of it or of prices is relied on: whoever comes next waits until it
 * has ended. **Shape**: last `seq`, number of the branch, revision that citations are fixed at; or no row.
 */
export function takeConversation(conversationId: string, ownerId: string): Statement {
  return {
    name: 'append_take_conversation',
    text: `
      select c.last_seq, c.branch_id, c.as_of_revision::float8
      from conversations c
      where c.id = $1
        and c.owner_id = $2
        and c.deleted_at is null
      for no key update`,
    values: [conversationId, ownerId],
  };
}

/** Where citations of a conversation are looked at; also of one that was deleted, for an append finds that out itself. */
export function citationPlace(conversationId: string, ownerId: string): QuotesPlace {
  return {
    name: 'conversation',
    text: 'select c.branch_id, c.as_of_revision from conversations c where c.id = $1 and c.owner_id = $2',
    values: [conversationId, ownerId],
  };
}

/** **Shape**: conversation and request digest of one of the owner's messages; or no row. */
export function messageMade(id: string, ownerId: string): Statement {
  return {
    name: 'append_message_made',
    text: 'select conversation_id, request_digest from messages where id = $1 and owner_id = $2',
    values: [id, ownerId],
  };
}

/** **Shape**: `seq` and JSON text of a message in its own conversation. */
export function messageStored(id: string, ownerId: string): Statement {
  return {
    name: 'append_message_stored',
    text: `
      select m.seq, ${messageJson('false')}
      from messages m
      where m.id = $1
        and m.owner_id = $2`,
    values: [id, ownerId],
  };
}

/** A message as it is stored. **Shape**: `citations` and `metadata` are JSON text. */
export interface MessageRow {
  readonly id: string;
  readonly conversationId: string;
  readonly ownerId: string;
  readonly role: string;
  readonly content: string;
  readonly citations: string;
  readonly metadata: string | null;
  /** Text-search configuration. */
  readonly language: string;
  readonly requestDigest: Buffer;
  readonly pins: readonly Pin[];
  /** Where quoted prices were looked at; null without any. */
  readonly at: QuotedAt | null;
}

/**
 * Adds a message behind the last one of a conversation, and what it quotes; alone or in a transaction. **Shape**: its `seq`, moment, and
 * metadata as JSON text; no row, and nothing stored, when there is no such conversation, the id is taken, or what it quotes was looked at in another
 * place than the conversation's, in another history than that of the newest revision, or on a branch that is discarded by now; nor when
 * prices are quoted and a commit is just ending: it never waits for one.
 */
export function addMessage(message: MessageRow): Statement {
  const { pins, at } = message;
  return {
    name: 'append_message',
    text: `
      select a.given_seq, ${instant('a.given_at')}, coalesce($11::jsonb::text, 'null')
      from append_message($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18) a`,
    values: [
      ...[message.conversationId, message.ownerId],
      ...[at?.branchStamp ?? null, at?.atMost ?? null, at?.history ?? null, VersioningService.headLock()],
      ...[message.id, message.role, message.content, message.citations, message.metadata],
      ...[message.language, message.requestDigest],
      pins.map(({ ordinal }) => ordinal),
      pins.map(({ seriesId }) => seriesId),
      pins.map(({ branchId }) => branchId),
      pins.map(({ ts }) => ts),
      pins.map(({ revision }) => revision),
    ],
  };
}
