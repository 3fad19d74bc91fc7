import { defineEntity, p } from '@mikro-orm/core';
import { v7 as uuidv7 } from 'uuid';
import { User } from '../users/user.entity.js';

/** A signed-in session, or that of a visitor. Every instant is by the database's clock. */
export const SessionSchema = defineEntity({
  name: 'Session',
  tableName: 'sessions',
  properties: {
    id: p
      .uuid()
      .primary()
      .onCreate(() => uuidv7()),
    createdAt: p.datetime().columnType('timestamptz').defaultRaw('now()'),
    /** Null: a visitor. */
    user: () => p.manyToOne(User).nullable().deleteRule('cascade').foreignKeyName('sessions_user_id_fkey'),
    /** SHA-256 of the token's secret, or of the id that a visitor made; 32 bytes. */
    tokenHash: p.blob().columnType('bytea').unique('sessions_token_hash_key').hidden(),
    /** When the password was last given; null for a visitor. */
    authenticatedAt: p.datetime().columnType('timestamptz').nullable(),
    /** Written at most once a minute. */
    lastSeenAt: p.datetime().columnType('timestamptz').defaultRaw('now()'),
    /** Never later than `expiresAt`. */
    idleExpiresAt: p.datetime().columnType('timestamptz'),
    expiresAt: p.datetime().columnType('timestamptz'),
    revokedAt: p.datetime().columnType('timestamptz').nullable(),
    /** Of a visitor: the account that took over what was theirs. */
    claimedBy: () =>
      p
        .manyToOne(User)
        .nullable()
        .fieldName('claimed_by')
        .deleteRule('set null')
        .foreignKeyName('sessions_claimed_by_fkey'),
    userAgent: p.text().nullable(),
    address: p.text().nullable(),
  },
  indexes: [
    { name: 'sessions_user_id_idx', properties: ['user', 'id'], where: 'user_id is not null' },
    { name: 'sessions_claimed_by_idx', properties: ['claimedBy'], where: 'claimed_by is not null' },
    { name: 'sessions_idle_expires_at_idx', properties: ['idleExpiresAt'] },
  ],
  checks: [
    { name: 'sessions_token_hash_check', expression: 'length(token_hash) = 32' },
    { name: 'sessions_authenticated_at_check', expression: '(user_id is null) = (authenticated_at is null)' },
    { name: 'sessions_claimed_by_check', expression: 'claimed_by is null or user_id is null' },
    { name: 'sessions_expires_at_check', expression: 'idle_expires_at <= expires_at' },
    { name: 'sessions_user_agent_check', expression: 'length(user_agent) <= 512' },
    { name: 'sessions_address_check', expression: 'length(address) <= 45' },
  ],
});

/** See {@link SessionSchema}. */
export class Session extends SessionSchema.class {}
SessionSchema.setClass(Session);
