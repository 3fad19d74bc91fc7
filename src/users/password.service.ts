import { Injectable } from '@nestjs/common';
import { hash } from '@node-rs/argon2';

/**
 * OWASP's first recommendation for argon2id: 19 MiB, two passes, one lane. About 20 ms of another thread's time.
 * 2 is argon2id: the package's enum is not visible to a compiler that works file by file.
 */
const PARAMETERS = { algorithm: 2, memoryCost: 19_456, timeCost: 2, parallelism: 1 };

/** Turns passwords into what may be stored. */
@Injectable()
export class PasswordService {
  /** The stored form of a password: argon2id with its parameters and salt, in PHC format. Computed off the event loop. */
  async hash(password: string): Promise<string> {
    return hash(password, PARAMETERS);
  }
}
