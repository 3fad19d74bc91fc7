import { APP_ROLE, OWNER_ROLE } from './roles.queries.js';

/** Names of the transaction-local settings that policies compare owners with. */
export const USER_ID_SETTING = 'stockroom.user_id';
export const VISITOR_ID_SETTING = 'stockroom.visitor_id';

/** Whose rows a transaction may touch. **Shape**: both absent: nobody's, so nothing that has an owner. */
export interface RowOwner {
  readonly userId?: string | null;
  /** The session row of a visitor who has not signed in. */
  readonly visitorId?: string | null;
}

/** The settings that say so, for `set_config`. **Shape**: an empty text stands for nobody. */
export function ownerVariables(owner: RowOwner): Record<string, string> {
  return { [USER_ID_SETTING]: owner.userId ?? '', [VISITOR_ID_SETTING]: owner.visitorId ?? '' };
}

/**
 * The part of an entity that says: rows of `user_id` are seen and written by that user's transactions only, whatever the
 * statement says. Forced, so it holds for the table's owner as well, whose own policy lets maintenance through.
 *
 * **Why** the sub-select: the setting is read once per statement instead of once per row. Its alias is the one that PostgreSQL
 * prints, without which the comparison of entities and database would find a difference for ever.
 */
export function ownRows(table: string) {
  const own = `user_id = (select (nullif(current_setting('${USER_ID_SETTING}', true), ''))::uuid as "nullif")`;
  return {
    rowLevelSecurity: 'force' as const,
    policies: [
      { name: `${table}_own`, roles: [APP_ROLE], using: own, check: own },
      { name: `${table}_maintenance`, roles: [OWNER_ROLE], using: 'true', check: 'true' },
    ],
  };
}
