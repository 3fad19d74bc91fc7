import { defineEntity, p, raw } from '@mikro-orm/core';
import { ownRows } from '../database/own-rows.js';
import { User } from './user.entity.js';

/** What a person set for themselves; one row at most, made when something is first set. */
export const UserSettingsSchema = defineEntity({
  name: 'UserSettings',
  tableName: 'user_settings',
  properties: {
    user: () =>
      p
        .oneToOne(User)
        .primary()
        .owner()
        .updateRule('no action')
        .deleteRule('cascade')
        .foreignKeyName('user_settings_user_id_fkey'),
    version: p.integer().version(),
    createdAt: p.datetime().columnType('timestamptz').defaultRaw('now()'),
    updatedAt: p
      .datetime()
      .columnType('timestamptz')
      .defaultRaw('now()')
      .onUpdate(() => raw<Date>('now()')),
    /** IANA name. */
    timezone: p.text().default('UTC'),
    /** BCP 47 tag. */
    locale: p.text().default('en'),
    /** **Units**: days; null follows the service's default. */
    messageRetentionDays: p.integer().nullable(),
  },
  checks: [
    {
      name: 'user_settings_timezone_check',
      expression: 'length(timezone) >= 1 and length(timezone) <= 64',
    },
    { name: 'user_settings_locale_check', expression: 'length(locale) >= 2 and length(locale) <= 35' },
    {
      name: 'user_settings_message_retention_days_check',
      expression: 'message_retention_days >= 1 and message_retention_days <= 36500',
    },
  ],
  // For the days that each person's messages are kept.
  ...ownRows('user_settings', { retention: 'select' }),
});

/** See {@link UserSettingsSchema}. */
export class UserSettings extends UserSettingsSchema.class {}
UserSettingsSchema.setClass(UserSettings);
