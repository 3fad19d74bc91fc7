import { Injectable } from '@nestjs/common';
import { AuditService } from '../audit/audit.service.js';
import type { AuditEntry } from '../audit/audit.types.js';
import { etagOf, requireMatch, StaleResource } from '../common/etag.js';
import { makeCursor, readCursor, type Page } from '../common/pagination.js';
import type { SignedIn } from '../common/principal.js';
import type { RequestOrigin } from '../common/request-origin.js';
import { UnitOfWork } from '../database/unit-of-work.service.js';
import { DecryptionError, EncryptionKeyMissing } from '../encryption/encryption.errors.js';
import { SignerService } from '../encryption/signer.service.js';
import { KnownKeysService } from '../keys/known-keys.service.js';
import { RecentSignInRequired } from '../sessions/sessions.errors.js';
import { fill, reveal, viewOf } from './credential.format.js';
import { CredentialRepository, type MaskedCredential } from './credential.repository.js';
import { CredentialNotFound, CredentialRaced, CredentialUnreadable } from './credentials.errors.js';
import type {
  CredentialContent,
  CredentialView,
  RevealedCredential,
  TaggedCredential,
} from './credentials.types.js';
import type { ExternalCredential } from './external-credential.entity.js';

/** Who does it, and from where. */
export interface Actor {
  readonly user: SignedIn;
  readonly origin: RequestOrigin;
}

/** One's own secrets for outside services. */
@Injectable()
export class CredentialsService {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly audit: AuditService,
    private readonly signer: SignerService,
    private readonly knownKeys: KnownKeysService,
  ) {}

  /** A page by provider, masked. **Errors**: `InvalidCursor`. */
  async list(
    user: SignedIn,
    query: { readonly limit: number; readonly cursor: string | undefined },
  ): Promise<Page<CredentialView>> {
    const scope = ['credentials', user.userId];
    const [after = null] = readCursor(this.signer, scope, query.cursor) ?? [];
    const rows = await this.run(user, (own) => own.page(after as string | null, query.limit + 1));
    const page = rows.slice(0, query.limit);
    const last = rows.length > query.limit ? page.at(-1)?.provider : undefined;
    return {
      data: page.map(viewOf),
      nextCursor: last === undefined ? null : makeCursor(this.signer, scope, [last]),
    };
  }

  /** One, masked. **Errors**: `CredentialNotFound`. */
  async get(user: SignedIn, provider: string): Promise<TaggedCredential> {
    return tagged(await this.run(user, async (own) => found(await own.find(provider))));
  }

  /**
   * Stores a credential in place of whatever is stored for the provider. **Shape**: `created` when nothing was.
   *
   * **Errors**: `StaleResource` when `ifMatch` is not the current ETag.
   */
  async store(
    actor: Actor,
    input: {
      readonly provider: string;
      readonly content: CredentialContent;
      readonly ifMatch: string | undefined;
    },
  ): Promise<TaggedCredential & { readonly created: boolean }> {
    try {
      return await this.storeOnce(actor, input);
    } catch (error) {
      // Both saw nothing stored; now the other's is, and this one replaces it.
      if (error instanceof CredentialRaced) return this.storeOnce(actor, input);
      throw error;
    }
  }

  /** Removes one for good. **Errors**: `CredentialNotFound`, `StaleResource`. */
  async remove(actor: Actor, provider: string, ifMatch: string | undefined): Promise<void> {
    await this.unitOfWork.run({ userId: actor.user.userId }, async (em) => {
      const own = new CredentialRepository(em, actor.user.userId);
      const credential = found(await own.findForUpdate(provider));
      requireMatch(ifMatch, etagOf(credential.version));
      await own.remove(credential);
      this.audit.record(em, event(actor, 'credential.removed', { target: credential, provider }));
    });
  }

  /**
   * The secret in clear, with an audit event in the same transaction: without the event nobody sees it.
   *
   * **Errors**: `RecentSignInRequired`, `CredentialNotFound`, `CredentialUnreadable`; `EncryptionKeyMissing` when other processes can
   * read it. All but the second are audited, too.
   */
  async reveal(actor: Actor, provider: string): Promise<RevealedCredential> {
    if (!actor.user.recentlyAuthenticated) {
      await this.audit.note({ ...event(actor, 'credential.revealed', { provider }), outcome: 'refused' });
      throw new RecentSignInRequired();
    }
    try {
      return await this.unitOfWork.run({ userId: actor.user.userId }, async (em) => {
        const credential = found(await new CredentialRepository(em, actor.user.userId).find(provider));
        this.audit.record(em, event(actor, 'credential.revealed', { target: credential, provider }));
        return reveal(credential);
      });
    } catch (error) {
      if (!(error instanceof DecryptionError)) throw error;
      const { column, rowId } = error.cell;
      const failure = event(actor, 'credential.revealed', { target: { id: rowId }, provider, column });
      await this.audit.note({ ...failure, outcome: 'failure' });
      if (error.missingKeyId !== null && (await this.knownKeys.isInUse(error.missingKeyId)))
        throw new EncryptionKeyMissing(error);
      throw new CredentialUnreadable(error);
    }
  }

  private async storeOnce(
    actor: Actor,
    { provider, content, ifMatch }: Parameters<CredentialsService['store']>[1],
  ): Promise<TaggedCredential & { readonly created: boolean }> {
    return this.unitOfWork.run({ userId: actor.user.userId }, async (em) => {
      const own = new CredentialRepository(em, actor.user.userId);
      const stored = await own.findForUpdate(provider);
      // `If-Match: *` asks for one that is there (RFC 9110, 13.1.1).
      if (stored === null && ifMatch !== undefined) throw new StaleResource();
      if (stored !== null) requireMatch(ifMatch, etagOf(stored.version));
      const credential = stored ?? own.make(provider, content.kind);
      fill(credential, content);
      const saved = await own.save(credential);
      this.audit.record(
        em,
        event(actor, 'credential.stored', { target: credential, provider, kind: content.kind }),
      );
      return { ...tagged(saved), created: stored === null };
    });
  }

  private async run<T>(user: SignedIn, work: (own: CredentialRepository) => Promise<T>): Promise<T> {
    const { userId } = user;
    return this.unitOfWork.run({ userId }, (em) => work(new CredentialRepository(em, userId)));
  }
}

function found(credential: ExternalCredential | null): ExternalCredential {
  if (credential === null) throw new CredentialNotFound();
  return credential;
}

function tagged(credential: MaskedCredential): TaggedCredential {
  return { credential: viewOf(credential), etag: etagOf(credential.version) };
}

function event(
  { user, origin }: Actor,
  action: 'credential.stored' | 'credential.removed' | 'credential.revealed',
  {
    target,
    ...details
  }: { readonly target?: { readonly id: string }; readonly provider: string } & Record<string, unknown>,
): AuditEntry {
  return {
    ...{ action, outcome: 'success', userId: user.userId, sessionId: user.sessionId, origin, details },
    ...(target === undefined ? {} : { target: { type: 'credential', id: target.id } as const }),
  };
}
