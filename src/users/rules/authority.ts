import { USER_ROLES, type UserRole } from '../users.types.js';

/** Who does something, or to whom. */
export interface Person {
  readonly id: string;
  readonly role: UserRole;
}

/**
 * Whether somebody may change or remove a person: oneself; who stands below, for an ADMIN; everybody, for a SUPER_ADMIN.
 *
 * **Why** not beside: two ADMINs who can remove each other are one quarrel away from none. Somebody has to stand above all, so
 * SUPER_ADMINs may; that one is always left is a rule of its own.
 */
export function mayChange(actor: Person, target: Person): boolean {
  if (actor.id === target.id || actor.role === 'SUPER_ADMIN') return true;
  return actor.role === 'ADMIN' && rank(target.role) < rank(actor.role);
}

/** Whether somebody may give a role to a person whom they may change: none above their own. */
export function mayGrant(actor: Person, role: UserRole): boolean {
  return rank(role) <= rank(actor.role);
}

/** Whether somebody decides about roles and about who is active at all. */
export function isAdministrator(actor: Person): boolean {
  return rank(actor.role) >= rank('ADMIN');
}

function rank(role: UserRole): number {
  return USER_ROLES.indexOf(role);
}
