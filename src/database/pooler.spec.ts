import { describe, expect, it, jest } from '@jest/globals';
import type { Client } from 'pg';
import { requireDirect } from './pooler.js';

/** A client whose server tells the number that it was told at the beginning: no pooler, as far as that goes. */
function directClient(): Client {
  const query = jest.fn(async () => ({ rows: [[42]] }));
  return { processID: 42, query } as unknown as Client;
}

const connection = { port: 5432, user: 'u', password: undefined, database: 'd', ssl: false } as const;

describe('a connection that migrations are to go over', () => {
  it.each(['ep-x-pooler.eu-central-1.aws.neon.tech', 'aws-0-eu.pooler.supabase.com'])(
    'is refused where the host is a pooler by its name: %s',
    async (host) => {
      await expect(requireDirect(directClient(), { ...connection, host })).rejects.toThrow(
        /is a pooler\. .*DATABASE_MIGRATION_URL/,
      );
    },
  );

  it('is told the direct host where the name says it', async () => {
    const host = 'ep-x-pooler.eu-central-1.aws.neon.tech';
    await expect(requireDirect(directClient(), { ...connection, host })).rejects.toThrow(
      '(ep-x.eu-central-1.aws.neon.tech, if the provider names them as usual)',
    );
  });

  it.each(['ep-x.eu-central-1.aws.neon.tech', 'spooler.example.com', 'db.example.com'])(
    'is taken where it is none: %s',
    async (host) => {
      await expect(requireDirect(directClient(), { ...connection, host })).resolves.toBeUndefined();
    },
  );
});
