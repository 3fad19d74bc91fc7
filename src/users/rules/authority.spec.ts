import { describe, expect, it } from '@jest/globals';
import { mayChange, mayGrant } from './authority.js';
import { USER_ROLES, type UserRole } from '../users.types.js';

const person = (role: UserRole, id: string = role) => ({ id, role });

describe('authority', () => {
  it('reaches below for an ADMIN, everywhere for a SUPER_ADMIN, and nowhere for a USER', () => {
    const reach = USER_ROLES.map((role) =>
      USER_ROLES.filter((other) => mayChange(person(role), person(other, 'other'))),
    );
    expect(reach).toEqual([[], ['USER'], ['USER', 'ADMIN', 'SUPER_ADMIN']]);
  });

  it('reaches oneself, whatever the role', () => {
    expect(USER_ROLES.every((role) => mayChange(person(role), person(role)))).toBe(true);
  });

  it('gives no role above one’s own', () => {
    const grants = USER_ROLES.map((role) => USER_ROLES.filter((given) => mayGrant(person(role), given)));
    expect(grants).toEqual([['USER'], ['USER', 'ADMIN'], ['USER', 'ADMIN', 'SUPER_ADMIN']]);
  });
});
