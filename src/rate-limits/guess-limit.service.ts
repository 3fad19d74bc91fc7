import { Inject, Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import pLimit, { type LimitFunction } from 'p-limit';
import { SETTINGS, type Settings } from '../config/settings.js';
import { DatabaseBusy } from '../database/database.errors.js';
import type { SqlTransaction } from '../database/sql-transaction.js';
import { SqlService } from '../database/sql.service.js';
import { networkOf } from './counting/client-network.js';
import {
  countFailure,
  failuresOf,
  isTrusted,
  trustPair,
  tryAddress,
  tryGuess,
  uncountAddress,
  uncountFailure,
  waitOf,
} from './guess-limits.queries.js';
import { LimitKeys } from './limit-keys.service.js';
import { TooManyAttempts } from './rate-limits.errors.js';
import type { Guess } from './rate-limits.types.js';

/** How long an address counts as one that the owner uses after a sign-in from it: longer than a holiday. */
const TRUST_SECONDS = 30 * 86_400;
const MS_PER_SECOND = 1_000;
/**
 * Longest wait between two attempts of an address over its limit. **Why** not an hour: everybody behind the address waits with
 * whoever guesses. One a minute is 60 an hour, of which each account gets few by its own limit.
 */
const MAX_ADDRESS_DELAY_SECONDS = 60;
/** One in so many connections of the pool may wait for counters: guesses at one account queue for one row. */
const CONNECTIONS_PER_TURN = 5;
/** Who comes when this many wait is told to come again: the database is away, or somebody guesses faster than it counts. */
const MAX_WAITING = 1_000;
/** Pairs of address and account whose wait is remembered; one that is forgotten only costs a look into the database. */
const MAX_REFUSALS = 20_000;

/**
 * A wait that the database told. **Units**: milliseconds of `performance.now()`. **Why** two: the answer was on its way for a while.
 * Until the earlier one nobody needs to be asked, and nobody is told to come back before the later one.
 */
interface Refusal {
  readonly notBefore: number;
  readonly told: number;
  /** Whether the address has to wait, whatever the account: whoever is signed in need not. */
  readonly byAddress: boolean;
}

/** How long an attempt has to wait. **Units**: milliseconds. */
interface Wait {
  readonly ms: number;
  readonly byAddress: boolean;
}

/** Counters of one guess. */
interface GuessKeys {
  /** The address, at all accounts. */
  readonly address: Buffer;
  /** The address at this account. */
  readonly pair: Buffer;
  /** The account, from all addresses. */
  readonly account: Buffer;
  readonly isSignedIn: boolean;
}

/**
 * Slows down guessing at passwords, over all processes.
 *
 * Whoever is refused is refused by address, so that no stranger can lock an owner out: failures from elsewhere only take free
 * attempts from addresses that the owner never signed in from, and the first one never. Nor can a neighbour behind one address:
 * the limit of the address does not hold for who signed in from there before, or is signed in. Unknown accounts are counted alike.
 *
 * **Why** each attempt counts as failed until {@link succeeded}: a check of a password takes long, and a thousand at once would
 * all be through before the first was known to be wrong.
 * **Why** every transaction takes its rows in one order, address, pair, account: so no two can wait for each other.
 */
@Injectable()
export class GuessLimitService {
  private readonly refusals = new LRUCache<string, Refusal>({ max: MAX_REFUSALS });
  private readonly turn: LimitFunction;

  constructor(
    private readonly sql: SqlService,
    private readonly keys: LimitKeys,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {
    this.turn = pLimit(Math.max(Math.floor(settings.database.pool.max / CONNECTIONS_PER_TURN), 1));
  }

  /**
   * Lets a guess through, and counts it as failed. Call it before the password is looked at.
   *
   * **Errors**: `TooManyAttempts` with the time to wait, after which an attempt is let through; `DatabaseUnavailable` and its
   * siblings: who cannot be counted cannot sign in.
   */
  async admit(guess: Guess): Promise<void> {
    const keys = this.keysOf(guess);
    this.refuseAgain(keys);
    if (this.turn.pendingCount >= MAX_WAITING) throw new DatabaseBusy();
    await this.turn(() => this.count(keys));
  }

  /** The guess was right: forgets what this address got wrong before at this account. **Errors**: as {@link admit}, but for the first. */
  async succeeded(guess: Guess): Promise<void> {
    const keys = this.keysOf(guess);
    const { address, pair, account } = keys;
    this.refusals.delete(idOf(pair));
    await this.sql.transaction(async (tx) => {
      // Who passes the limit of the address took nothing of it, and must not be able to give back what wrong guesses took.
      if (!(await this.passesAddress(tx, keys))) await tx.run(uncountAddress(address));
      await tx.run(trustPair(pair, TRUST_SECONDS));
      await tx.run(uncountFailure(account));
    });
  }

  private async count(keys: GuessKeys): Promise<void> {
    // Those who waited behind the first one that was refused need not ask what it was told.
    this.refuseAgain(keys);
    const askedAt = performance.now();
    const wait = await this.sql.transaction(async (tx) => {
      const found = (await this.waitForAddress(tx, keys)) ?? (await this.waitForPair(tx, keys));
      // What was refused is as if it had not been tried.
      if (found === null) await tx.run(countFailure(keys.account, this.memorySeconds));
      else tx.rollback();
      return found;
    });
    if (wait === null) return;
    const { ms, byAddress } = wait;
    const refusal = { notBefore: askedAt + ms, told: performance.now() + ms, byAddress };
    this.refusals.set(idOf(keys.pair), refusal);
    throw refused(refusal);
  }

  /** **Errors**: `TooManyAttempts` when it is known that the wait is not over. */
  private refuseAgain({ pair, isSignedIn }: GuessKeys): void {
    const refusal = this.refusals.get(idOf(pair));
    if (refusal === undefined || (refusal.byAddress && isSignedIn)) return;
    if (performance.now() < refusal.notBefore) throw refused(refusal);
  }

  /** Whether the limit of the address does not hold for an attempt. */
  private async passesAddress(tx: SqlTransaction, { pair, isSignedIn }: GuessKeys): Promise<boolean> {
    return isSignedIn || (await tx.run(isTrusted(pair))).length > 0;
  }

  /** The wait until the address may guess at anything; null when it may now. */
  private async waitForAddress(tx: SqlTransaction, keys: GuessKeys): Promise<Wait | null> {
    if (await this.passesAddress(tx, keys)) return null;
    const { address, pair } = keys;
    const attempt = {
      address,
      free: this.settings.limits.signIn.failuresPerAddress,
      maxDelaySeconds: MAX_ADDRESS_DELAY_SECONDS,
      windowSeconds: this.memorySeconds,
    };
    const [admitted, waitMs] = await tx.runOne(tryAddress(attempt));
    if (admitted === true) return null;
    // Whoever waits must get through: the pair may have to wait longer than the address.
    const [pairWait] = await tx.run(waitOf(pair));
    return { ms: Math.max(Number(waitMs), Number(pairWait?.[0] ?? 0)), byAddress: true };
  }

  /** The wait until the address may guess at this account; null when it may now, and then the guess is counted. */
  private async waitForPair(tx: SqlTransaction, { pair, account }: GuessKeys): Promise<Wait | null> {
    const { freeAttempts, accountFailures, maxDelaySeconds } = this.settings.limits.signIn;
    const [elsewhere] = await tx.run(failuresOf(account));
    const fewer = Math.floor(Number(elsewhere?.[0] ?? 0) / accountFailures);
    const [admitted, waitMs] = await tx.runOne(
      tryGuess({
        pair,
        freeWhenTrusted: freeAttempts,
        free: Math.max(freeAttempts - fewer, 1),
        maxDelaySeconds,
        memorySeconds: this.memorySeconds,
      }),
    );
    return admitted === true ? null : { ms: Number(waitMs), byAddress: false };
  }

  /** Failures count at least as long as two of the longest waits: else waiting would earn free attempts again. */
  private get memorySeconds(): number {
    const { memorySeconds, maxDelaySeconds } = this.settings.limits.signIn;
    return Math.max(memorySeconds, 2 * maxDelaySeconds);
  }

  private keysOf(guess: Guess): GuessKeys {
    const network = networkOf(guess.address);
    // Two kinds, so that nobody finds out whose an id is by typing it as a login.
    const account =
      'userId' in guess.account ? ['id', guess.account.userId] : ['login', sameLogin(guess.account.login)];
    return {
      address: this.keys.keyOf('guess-address', network),
      pair: this.keys.keyOf('guess-pair', network, ...account),
      account: this.keys.keyOf('guess-account', ...account),
      isSignedIn: guess.isSignedIn === true,
    };
  }
}

/** At least as much alike as the look-up of accounts makes it: another spelling must not be another account. */
function sameLogin(login: string): string {
  return login.normalize('NFKC').trim().toLowerCase();
}

function refused({ told }: Refusal): TooManyAttempts {
  return new TooManyAttempts(Math.max(Math.ceil((told - performance.now()) / MS_PER_SECOND), 1));
}

function idOf(key: Buffer): string {
  return key.toString('latin1');
}
