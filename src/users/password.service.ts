import { Injectable, type OnModuleInit } from '@nestjs/common';
import { hash, parseOptions, verify } from '@node-rs/argon2';
import pLimit from 'p-limit';
import { generateSecret } from '../encryption/secrets.js';
import { commonPasswordProblem } from './rules/common-passwords.js';
import { readablePassword } from './rules/password-form.js';
import { PasswordsBusy, PasswordTooCommon } from './users.errors.js';

/**
 * OWASP's first recommendation for argon2id: 19 MiB, two passes, one lane. About 20 ms of another thread's time.
 * 2 is argon2id: the package's enum is not visible to a compiler that works file by file.
 */
const PARAMETERS = { algorithm: 2, memoryCost: 19_456, timeCost: 2, parallelism: 1 };

/**
 * Hashes at the same time. **Why** two: they run on the four threads that Node also reads files and resolves names with, and
 * each takes 19 MiB. A burst of sign-ins waits in line, and imports go on.
 */
const CONCURRENCY = 2;

/** Who waits longer than about two seconds is better told to come back: 200 × 20 ms / 2. */
const MAX_WAITING = 200;

const DECOY_BYTES = 32;

/** Turns passwords into what may be stored, and compares them with it. All work is done off the event loop. */
@Injectable()
export class PasswordService implements OnModuleInit {
  private readonly turn = pLimit(CONCURRENCY);
  private decoy = '';

  /** Makes the hash that nobody's password has. **Why** here and not as a constant: it follows the parameters above. */
  async onModuleInit(): Promise<void> {
    this.decoy = await hash(generateSecret(DECOY_BYTES), PARAMETERS);
  }

  /**
   * The stored form of a password that somebody chose; it has the right form. `own` is what everybody knows of the account, `path`
   * the member of the request that it came in.
   *
   * **Errors**: `PasswordTooCommon`, `PasswordsBusy`.
   */
  async accept(password: string, own: readonly string[], path = 'password'): Promise<string> {
    const problem = await commonPasswordProblem(password, own);
    if (problem !== null) throw new PasswordTooCommon(path, problem);
    return this.hash(password);
  }

  /**
   * The stored form of a password: argon2id with its parameters and salt, in PHC format.
   *
   * **Errors**: `PasswordsBusy`.
   */
  async hash(password: string): Promise<string> {
    return this.inTurn(async () => hash(password.normalize('NFC'), PARAMETERS));
  }

  /**
   * Whether a password is the one that `stored` was made of. **Shape**: `stored` null: there is no such account. The answer is
   * false then, as for what no password can be, and takes as long.
   *
   * **Why** a stored hash of weaker parameters may answer sooner: only until its owner signs in next, see {@link isOutdated}.
   * **Errors**: `PasswordsBusy`.
   */
  async matches(stored: string | null, password: string): Promise<boolean> {
    const readable = readablePassword(password);
    const known = stored !== null && readable !== null;
    const equal = await this.inTurn(async () => verify(known ? stored : this.decoy, readable ?? this.decoy));
    return known && equal;
  }

  /** Whether a stored hash was made with less than today's parameters, or with another algorithm. */
  isOutdated(stored: string): boolean {
    const { algorithm, memoryCost, timeCost } = parseOptions(stored);
    return (
      Number(algorithm) !== PARAMETERS.algorithm ||
      memoryCost < PARAMETERS.memoryCost ||
      timeCost < PARAMETERS.timeCost
    );
  }

  private async inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (this.turn.pendingCount >= MAX_WAITING) throw new PasswordsBusy();
    return this.turn(work);
  }
}
