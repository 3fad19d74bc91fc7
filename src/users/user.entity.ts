import { defineEntity, p } from '@mikro-orm/core';
import { baseProperties, softDeleteProperties } from '../database/base.properties.js';
import { USER_ROLES, type UserRole } from './users.types.js';

/** A person who may sign in. The unique indexes are over `lower(…)`, so case cannot make a second account. */
export const UserSchema = defineEntity({
  name: 'User',
  tableName: 'users',
  properties: {
    ...baseProperties,
    email: p.text(),
    username: p.text(),
    passwordHash: p.text().hidden(),
    role: p
      .enum(() => USER_ROLES)
      .$type<UserRole>()
      .nativeEnumName('user_role')
      .default('USER'),
    ...softDeleteProperties,
  },
  indexes: [
    {
      name: 'users_email_key',
      expression: 'create unique index "users_email_key" on "users" (lower("email"))',
    },
    {
      name: 'users_username_key',
      expression: 'create unique index "users_username_key" on "users" (lower("username"))',
    },
  ],
  checks: [
    {
      name: 'users_email_check',
      expression: `length(email) <= 254 and email ~ '^[^@[:space:]]+@[^@[:space:]]+$'`,
    },
    { name: 'users_username_check', expression: `username ~ '^[a-zA-Z0-9_.-]{3,32}$'` },
  ],
});

/** See {@link UserSchema}. */
export class User extends UserSchema.class {}
UserSchema.setClass(User);
