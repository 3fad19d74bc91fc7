import { Injectable, type OnModuleInit } from '@nestjs/common';
import type { EntityManager } from '@mikro-orm/postgresql';
import { VisitorClaims } from '../../sessions/visitor-claims.service.js';
import { ConversationClaimsRepository } from './conversation-claims.repository.js';

/** Makes a visitor's conversations those of the account that they sign in to. */
@Injectable()
export class ConversationClaims implements OnModuleInit {
  constructor(private readonly claims: VisitorClaims) {}

  onModuleInit(): void {
    this.claims.register('conversations', (em: EntityManager, claim) =>
      new ConversationClaimsRepository(em).move(claim),
    );
  }
}
