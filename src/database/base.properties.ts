import { p, raw } from '@mikro-orm/core';
import { v7 as uuidv7 } from 'uuid';

/**
 * The columns of everything that clients see and may change: a time-ordered id made here, so that it is known before the
 * insert; a version that counts changes and is the ETag; when it was made and last changed, by the database's clock.
 */
export const baseProperties = {
  id: p
    .uuid()
    .primary()
    .onCreate(() => uuidv7()),
  version: p.integer().version(),
  createdAt: p.datetime().columnType('timestamptz').defaultRaw('now()'),
  updatedAt: p
    .datetime()
    .columnType('timestamptz')
    .defaultRaw('now()')
    .onUpdate(() => raw<Date>('now()')),
};

/** Rows that are kept but no longer in use: people and stocks. */
export const softDeleteProperties = {
  isActive: p.boolean().default(true),
};
