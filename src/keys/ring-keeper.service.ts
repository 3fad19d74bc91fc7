import { Injectable } from '@nestjs/common';
import { CurrentKeys } from '../encryption/current-keys.js';
import { EncryptionService } from '../encryption/encryption.service.js';
import { KeyIntroductionService, type IntroductionOptions } from './key-introduction.service.js';
import { KnownKeysService } from './known-keys.service.js';

/** The ring of a command that looks after keys, and how it changes. */
@Injectable()
export class RingKeeperService {
  constructor(
    readonly known: KnownKeysService,
    readonly encryption: EncryptionService,
    private readonly introduction: KeyIntroductionService,
    private readonly keys: CurrentKeys,
  ) {}

  get ids(): readonly string[] {
    return this.keys.ring.ids;
  }

  get primary(): string {
    return this.keys.ring.primary.id;
  }

  /** Lets the configured ring work on this database. **Errors**: `KeyRingError`. */
  async admit(): Promise<void> {
    await this.known.admit(this.keys.ring, null);
  }

  /** See {@link KeyIntroductionService.introduce}. */
  async introduce(options: IntroductionOptions): Promise<void> {
    await this.introduction.introduce(options);
  }

  /** See {@link KeyIntroductionService.withdraw}. */
  async withdraw(id: string): Promise<boolean> {
    return this.introduction.withdraw(id);
  }

  /** Adds what this command has encrypted to the totals. */
  async reportUsage(): Promise<void> {
    await this.known.addUsage(this.keys.usage.collect());
  }
}
