import { defineEntity, p } from '@mikro-orm/core';
import { baseProperties } from '../database/base.properties.js';
import { ownRows } from '../database/own-rows.js';
import { encrypted } from '../encryption/encrypted.type.js';
import { User } from '../users/user.entity.js';
import type { CredentialKind } from './credentials.types.js';

/** What a person stored for an outside service. The three secret columns hold cipher text, bound to their row. */
export const ExternalCredentialSchema = defineEntity({
  name: 'ExternalCredential',
  tableName: 'external_credentials',
  properties: {
    ...baseProperties,
    user: () => p.manyToOne(User).deleteRule('cascade').foreignKeyName('external_credentials_user_id_fkey'),
    provider: p.text(),
    kind: p.text().$type<CredentialKind>(),
    apiKey: encrypted().nullable(),
    accessToken: encrypted().nullable(),
    refreshToken: encrypted().nullable(),
    label: p.text().nullable(),
    /** Of the secret, to recognise it by. */
    lastFour: p.text().nullable(),
    scopes: p.array().columnType('text[]').default([]),
    expiresAt: p.datetime().columnType('timestamptz').nullable(),
  },
  uniques: [{ name: 'external_credentials_user_id_provider_key', properties: ['user', 'provider'] }],
  checks: [
    {
      name: 'external_credentials_provider_check',
      expression: `provider ~ '^[a-z0-9][a-z0-9_.-]{0,63}$'`,
    },
    {
      name: 'external_credentials_kind_check',
      expression: `(kind = 'api-key' and api_key is not null and access_token is null and refresh_token is null)
          or (kind = 'oauth' and api_key is null and access_token is not null)`,
    },
  ],
  ...ownRows('external_credentials'),
});

/** See {@link ExternalCredentialSchema}. */
export class ExternalCredential extends ExternalCredentialSchema.class {}
ExternalCredentialSchema.setClass(ExternalCredential);
