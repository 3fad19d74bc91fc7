import { defineEntity, p } from '@mikro-orm/core';

/** A running process of the service and the keys that it has. One that is gone stops to be seen. */
export const EncryptionProcessSchema = defineEntity({
  name: 'EncryptionProcess',
  tableName: 'encryption_processes',
  properties: {
    id: p.uuid().primary(),
    /** Host and process number, for a person who looks for it. */
    name: p.text(),
    /** What it can read; the first is what it encrypts with. */
    keyIds: p.array().columnType('text[]'),
    startedAt: p.datetime().columnType('timestamptz').defaultRaw('now()'),
    lastSeenAt: p.datetime().columnType('timestamptz').defaultRaw('now()'),
  },
  checks: [
    {
      name: 'encryption_processes_name_check',
      expression: 'length(name) >= 1 and length(name) <= 300',
    },
    { name: 'encryption_processes_key_ids_check', expression: 'cardinality(key_ids) >= 1' },
  ],
});
