import { LockMode } from '@mikro-orm/core';
import type { EntityManager } from '@mikro-orm/postgresql';
import { driverErrorFacts } from '../database/driver-errors.js';
import { EncryptionKeyRetired } from '../encryption/encryption.errors.js';
import { User } from '../users/user.entity.js';
import { CredentialRaced } from './credentials.errors.js';
import { ExternalCredential } from './external-credential.entity.js';

/** What is loaded of a credential that is only shown. */
export type MaskedCredential = Pick<
  ExternalCredential,
  'id' | 'version' | 'provider' | 'kind' | 'label' | 'lastFour' | 'scopes' | 'expiresAt' | 'updatedAt'
>;

/**
 * One person's credentials inside one unit of work. **Why** the user is named in each query although the database shows no other
 * rows: it makes the unique index usable, and is one guard more.
 */
export class CredentialRepository {
  constructor(
    private readonly em: EntityManager,
    private readonly userId: string,
  ) {}

  /** By provider, after one of them, without their secrets. */
  async page(after: string | null, limit: number): Promise<readonly MaskedCredential[]> {
    const where = { user: this.userId, ...(after === null ? {} : { provider: { $gt: after } }) };
    return this.em.find(ExternalCredential, where, {
      exclude: ['apiKey', 'accessToken', 'refreshToken'],
      orderBy: { provider: 'asc' },
      limit,
    });
  }

  /** The credential of a provider, or null. */
  async find(provider: string): Promise<ExternalCredential | null> {
    return this.em.findOne(ExternalCredential, { user: this.userId, provider });
  }

  /** The same, locked until the unit of work ends. */
  async findForUpdate(provider: string): Promise<ExternalCredential | null> {
    return this.em.findOne(
      ExternalCredential,
      { user: this.userId, provider },
      { lockMode: LockMode.PESSIMISTIC_WRITE },
    );
  }

  /** A new one, not written yet. */
  make(provider: string, kind: ExternalCredential['kind']): ExternalCredential {
    const user = this.em.getReference(User, this.userId);
    return this.em.create(ExternalCredential, { user, provider, kind });
  }

  /**
   * Writes it. **Shape**: what the database made of it, version and times included. **Errors**: `CredentialRaced`, `EncryptionKeyRetired`.
   * **Why** not refreshed: the ORM does that by way of JSON, which has no secrets.
   */
  async save(credential: ExternalCredential): Promise<MaskedCredential> {
    try {
      await this.em.persist(credential).flush();
    } catch (error) {
      const { constraint } = driverErrorFacts(error);
      if (constraint === 'external_credentials_user_id_provider_key') throw new CredentialRaced();
      if (constraint === 'encrypted_cells_key_check') throw new EncryptionKeyRetired(error);
      throw error;
    }
    return this.em.findOneOrFail(ExternalCredential, credential.id, {
      exclude: ['apiKey', 'accessToken', 'refreshToken'],
      disableIdentityMap: true,
    });
  }

  async remove(credential: ExternalCredential): Promise<void> {
    await this.em.remove(credential).flush();
  }
}
