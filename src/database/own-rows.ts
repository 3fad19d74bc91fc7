import { APP_ROLE, OWNER_ROLE } from './roles.queries.js';

/** Names of the transaction-local settings that policies compare owners with. */
export const USER_ID_SETTING = 'stockroom.user_id';
export const VISITOR_ID_SETTING = 'stockroom.visitor_id';

/** What a transaction is for, where that lets it see rows of several owners: set by these use cases, and by nothing else. */
const PURPOSE_SETTING = 'stockroom.purpose';
export type Purpose = 'retention' | 'restatement';

/** Whose rows a transaction may touch. **Shape**: both absent: nobody's, so nothing that has an owner. */
export interface RowOwner {
  readonly userId?: string | null;
  /** The session row of a visitor who has not signed in. */
  readonly visitorId?: string | null;
  readonly purpose?: Purpose;
}

/** The settings that say so, for `set_config`. **Shape**: an empty text stands for nobody. */
export function ownerVariables(owner: RowOwner): Record<string, string> {
  return {
    [USER_ID_SETTING]: owner.userId ?? '',
    [VISITOR_ID_SETTING]: owner.visitorId ?? '',
    [PURPOSE_SETTING]: owner.purpose ?? '',
  };
}

/** Which purposes open a table's rows of every owner, and to what. */
type Purposes = Partial<Record<Purpose, 'all' | 'select'>>;

/**
 * The part of an entity that says: rows of `user_id` are seen and written by that user's transactions only, whatever the
 * statement says. Forced, so it holds for the table's owner as well, whose own policy lets maintenance through.
 *
 * **Why** the sub-select: the setting is read once per statement instead of once per row. Its alias is the one that PostgreSQL
 * prints, without which the comparison of entities and database would find a difference for ever.
 */
export function ownRows(table: string, purposes: Purposes = {}) {
  return ownedBy(table, `user_id = ${setting(USER_ID_SETTING)}`, purposes);
}

/**
 * The same for rows of a person or of a visitor, who is one until they sign in: the transaction that claims what was the
 * visitor's names both. **Shape**: `purposes` may see, or see and write, rows of every owner.
 */
export function ownOrVisitorRows(table: string, purposes: Purposes) {
  const own = `owner_id = ${setting(USER_ID_SETTING)} or owner_id = ${setting(VISITOR_ID_SETTING)}`;
  return ownedBy(table, own, purposes);
}

function ownedBy(table: string, own: string, purposes: Purposes) {
  const forPurposes = Object.entries(purposes).map(([purpose, command]) => ({
    name: `${table}_${purpose}`,
    command,
    roles: [APP_ROLE],
    using: `(select current_setting('${PURPOSE_SETTING}', true) as "current_setting") = '${purpose}'`,
  }));
  return {
    rowLevelSecurity: 'force' as const,
    policies: [
      { name: `${table}_own`, roles: [APP_ROLE], using: own, check: own },
      { name: `${table}_maintenance`, roles: [OWNER_ROLE], using: 'true', check: 'true' },
      ...forPurposes,
    ],
  };
}

function setting(name: string): string {
  return `(select (nullif(current_setting('${name}', true), ''))::uuid as "nullif")`;
}
