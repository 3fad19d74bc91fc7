import { Injectable } from '@nestjs/common';
import { sha256 } from '../encryption/secrets.js';
import { SignerService } from '../encryption/signer.service.js';

/**
 * Turns who is counted into the key of a counter, by a keyed hash: whoever reads the tables learns neither addresses nor logins,
 * and without the key could not even try the four thousand million addresses of IPv4.
 */
@Injectable()
export class LimitKeys {
  constructor(private readonly signer: SignerService) {}

  /** **Shape**: 16 bytes, the same in every process with the same primary key; other parts give another key. */
  keyOf(...parts: readonly string[]): Buffer {
    const digest = sha256(JSON.stringify(parts)).toString('base64url');
    const [, tag = ''] = this.signer.sign('limits', digest).split('.');
    return Buffer.from(tag, 'base64url');
  }
}
