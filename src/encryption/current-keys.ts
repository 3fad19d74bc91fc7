import type { KeyFault } from './encryption.errors.js';
import type { KeyRing } from './key-ring.js';
import { KeyUsage } from './key-usage.js';

/**
 * The key ring in force. A ring never changes; another one takes its place as a whole, so that nobody sees half of a change.
 */
export class CurrentKeys {
  /** What was encrypted under each key, whichever ring it was on. */
  readonly usage = new KeyUsage();
  /** Not null: nothing may be encrypted with this ring, and the process is not ready. */
  fault: KeyFault | null = null;
  #ring: KeyRing;

  constructor(ring: KeyRing) {
    this.#ring = ring;
  }

  get ring(): KeyRing {
    return this.#ring;
  }

  /** Puts another ring in force, for everything that is encrypted, decrypted, signed or verified from now on. */
  replace(ring: KeyRing): void {
    this.#ring = ring;
  }
}
