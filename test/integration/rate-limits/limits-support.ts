import { afterEach, jest } from '@jest/globals';
import { Test } from '@nestjs/testing';
import { ConfigModule } from '../../../src/config/config.module.js';
import {
  loadSettings,
  type ConnectionSettings,
  type LimitSettings,
  type Settings,
} from '../../../src/config/settings.js';
import { withConnection } from '../../../src/database/direct-connection.js';
import { EncryptionModule } from '../../../src/encryption/encryption.module.js';
import { generateSecret } from '../../../src/encryption/secrets.js';
import { SignerService } from '../../../src/encryption/signer.service.js';
import { GuessLimitService } from '../../../src/rate-limits/guess-limit.service.js';
import { LimitKeys } from '../../../src/rate-limits/limit-keys.service.js';
import { RateLimitService } from '../../../src/rate-limits/rate-limit.service.js';
import { TooManyAttempts } from '../../../src/rate-limits/rate-limits.errors.js';
import type { Guess } from '../../../src/rate-limits/rate-limits.types.js';
import type { TestDatabase } from '../../support/test-database.js';
import { openSql, type OpenSql } from '../database/sql-support.js';

const realNow = performance.now.bind(performance);
let passedMs = 0;

const KEY_BYTES = 32;
const ENCRYPTION_KEYS = `limits:${generateSecret(KEY_BYTES)}`;

/** One process of the service, as far as limits go: counters of its own memory, a pool of its own. */
export interface Replica {
  readonly requests: RateLimitService;
  readonly guesses: GuessLimitService;
  readonly open: OpenSql;
}

/** What a test sets differently from the defaults. */
export interface LimitOptions extends Partial<Omit<LimitSettings, 'signIn'>> {
  readonly signIn?: Partial<LimitSettings['signIn']>;
}

/** Opens replicas on a test file's database and closes them behind each test. Call it where hooks may be registered. */
export function replicaStarter(
  database: () => TestDatabase,
): (count: number, options?: LimitOptions, connection?: ConnectionSettings) => Promise<readonly Replica[]> {
  let replicas: Replica[] = [];
  afterEach(async () => {
    await Promise.all(replicas.map(({ open }) => open.close()));
    replicas = [];
    jest.restoreAllMocks();
    passedMs = 0;
    await forgetCounters(database());
  });
  return async (count, options = {}, connection = database().app) => {
    const settings = settingsWith(options);
    const keys = new LimitKeys(await signerOf(settings));
    const started = await Promise.all(
      Array.from({ length: count }, async (): Promise<Replica> => {
        const open = await openSql(connection);
        return {
          open,
          requests: new RateLimitService(open.sql, keys, settings),
          guesses: new GuessLimitService(open.sql, keys, settings),
        };
      }),
    );
    replicas.push(...started);
    return started;
  };
}

/** Each test begins with nothing counted. */
async function forgetCounters(db: TestDatabase): Promise<void> {
  await withConnection(db.owner, (client) => client.query('delete from rate_limit_windows'));
  await withConnection(db.owner, (client) => client.query('delete from guess_limits'));
}

function settingsWith({ signIn, ...limits }: LimitOptions): Settings {
  const settings = loadSettings({ ENCRYPTION_KEYS });
  return {
    ...settings,
    limits: { ...settings.limits, ...limits, signIn: { ...settings.limits.signIn, ...signIn } },
  };
}

async function signerOf(settings: Settings): Promise<SignerService> {
  const module = await Test.createTestingModule({
    imports: [ConfigModule.forRoot(() => settings), EncryptionModule],
  }).compile();
  return module.get(SignerService);
}

/** Moves the clocks of the processes and, as far as counters go, the database's: everything that they hold is so much longer ago. */
export async function letTimePass(db: TestDatabase, seconds: number): Promise<void> {
  passedMs += seconds * 1_000;
  jest.spyOn(performance, 'now').mockImplementation(() => realNow() + passedMs);
  await withConnection(db.owner, async (client) => {
    await client.query(`update rate_limit_windows set ends_at = ends_at - $1 * interval '1 second'`, [
      seconds,
    ]);
    await client.query(
      `update guess_limits set not_before = not_before - $1 * interval '1 second',
         forgotten_at = forgotten_at - $1 * interval '1 second',
         trusted_until = trusted_until - $1 * interval '1 second'`,
      [seconds],
    );
  });
}

/** Tries a guess. **Shape**: null when it is let through, else the seconds to wait. */
export async function waitFor({ guesses }: Replica, guess: Guess): Promise<number | null> {
  try {
    await guesses.admit(guess);
    return null;
  } catch (error) {
    if (error instanceof TooManyAttempts) return error.extra.retryAfterSeconds ?? Number.NaN;
    throw error;
  }
}
