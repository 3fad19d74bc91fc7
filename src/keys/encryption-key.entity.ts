import { defineEntity, p } from '@mikro-orm/core';

/** An encryption key that some process had on its ring, as far as the database may know it. */
export const EncryptionKeySchema = defineEntity({
  name: 'EncryptionKey',
  tableName: 'encryption_keys',
  properties: {
    id: p.text().primary(),
    createdAt: p.datetime().columnType('timestamptz').defaultRaw('now()'),
    /** Tells the key from another one of the same id. */
    checkValue: p.text(),
    /** Since when some process encrypts with it; null: it never did, so no value can be under it. */
    primaryAt: p.datetime().columnType('timestamptz').nullable(),
    /** Since when no value is left under it, and none may be added. */
    retiredAt: p.datetime().columnType('timestamptz').nullable(),
    /** How many values all processes have encrypted with it, rotated and overwritten ones included. */
    encryptedValues: p.bigint().defaultRaw('0'),
  },
  checks: [
    { name: 'encryption_keys_id_check', expression: `id ~ '^[a-z0-9][a-z0-9_-]{0,31}$'` },
    { name: 'encryption_keys_check_value_check', expression: `check_value ~ '^[A-Za-z0-9_-]{22}$'` },
    { name: 'encryption_keys_encrypted_values_check', expression: 'encrypted_values >= 0' },
  ],
});
