import { randomUUID } from 'node:crypto';
import { expect } from '@jest/globals';
import { parseNumbersAsText } from '../../support/api-client.js';
import { day } from '../../factories/bars.js';
import { DomainError } from '../../../src/common/errors.js';
import type { ConversationsService } from '../../../src/chat-history/conversations/conversations.service.js';
import type { ConversationFamilyService } from '../../../src/chat-history/conversations/conversation-family.service.js';
import { createConversationRequest } from '../../../src/chat-history/conversations/dto/write-conversation.dto.js';
import type { HistoryOwner } from '../../../src/chat-history/history-owner.types.js';
import type { AppendMessageService } from '../../../src/chat-history/messages/append-message.service.js';
import { appendMessageRequest } from '../../../src/chat-history/messages/dto/append-message.dto.js';
import type { ReadMessagesService } from '../../../src/chat-history/messages/read-messages.service.js';
import type { ModelBranch } from '../versioning/history-model.js';
import type { HistoryRun } from '../versioning/history-runner.js';
import { standingOf, versionShown, type ModelVersion } from './cited-model.js';

/** A message that quotes bars. Branch and revision are chosen by number, modulo how many there are; null is now. */
export interface Cite {
  readonly branch: number;
  readonly quotes: readonly { readonly day: number; readonly revision: number | null }[];
  /** Where its conversation is forked before, the message being added to the fork; null: not at all. */
  readonly forkAt: number | null;
}

/** A citation that was stored. */
export interface CitedVersion {
  readonly messageId: string;
  readonly ordinal: number;
  readonly version: ModelVersion;
  /** The newest revision of all when it was stored. */
  readonly head: number;
}

interface CitingConversation {
  readonly id: string;
  readonly branch: ModelBranch;
  readonly messages: ModelVersion[][];
}

/** The services under test, and for whom. */
export interface CitedServices {
  readonly owner: HistoryOwner;
  readonly conversations: ConversationsService;
  readonly families: ConversationFamilyService;
  readonly head: () => Promise<number>;
  readonly appends: AppendMessageService;
  readonly reads: ReadMessagesService;
}

/** A citation as it is shown, numbers as text. */
interface Shown {
  readonly branch: string;
  readonly revision: string;
  readonly quoted: { readonly close: string };
  readonly status: string;
  readonly current?: { readonly close: string } | null;
  readonly restatedBy?: string;
}

const NOW = Number.MAX_SAFE_INTEGER;

/** Messages that quote bars of one history, in the database and in the model: one conversation for each branch, and its forks. */
export class CitedHistory {
  /** All that there are; the last one of each branch is written to. */
  private readonly conversations: CitingConversation[] = [];
  /** In the order in which they were stored. */
  readonly citations: CitedVersion[] = [];

  constructor(
    private readonly services: CitedServices,
    private readonly run: HistoryRun,
    private readonly symbol: string,
  ) {}

  /** Quotes bars; what the model does not see must be refused, with everything that is wrong. */
  async cite(cite: Cite): Promise<void> {
    const branch = this.run.branches[cite.branch % this.run.branches.length] ?? this.run.main;
    const conversation = await this.conversationOf(branch, cite.forkAt);
    const revisions = this.run.branches.flatMap(({ commits }) => commits.map(({ revision }) => revision));
    const quotes = cite.quotes.map(({ day: offset, revision }) => {
      const asOf = revision === null ? null : (revisions[revision % revisions.length] ?? null);
      return { asOf, day: offset, version: versionShown(branch, offset, asOf ?? NOW) };
    });
    const messageId = randomUUID();
    const message = appendMessageRequest.parse({
      id: messageId,
      role: 'assistant',
      content: 'quoted',
      citations: quotes.map(({ asOf, day: offset, version }) => ({
        ...{ type: 'stock-data', symbol: this.symbol, date: day(offset) },
        ...(asOf === null ? {} : { asOf }),
        ...(version === null ? {} : { value: version.close }),
      })),
    });
    const input = { conversationId: conversation.id, message, ifMatch: undefined };
    const outcome = await this.outcome(this.services.appends.append(this.services.owner, input));
    const versions = quotes.map(({ version }) => version);
    const wrong =
      branch.status === 'discarded'
        ? versions.map((_, n) => [`citations.${n}`, 'citation-branch-discarded'])
        : versions.flatMap((version, n) =>
            version === null ? [[`citations.${n}.date`, 'citation-bar-not-found']] : [],
          );
    expect(outcome).toEqual(wrong);
    if (wrong.length > 0) return;
    const cited = versions.filter((version) => version !== null);
    conversation.messages.push(cited);
    const head = await this.services.head();
    this.citations.push(...cited.map((version, ordinal) => ({ messageId, ordinal, version, head })));
  }

  /** Every citation that was ever made stands as the model says. **Shape**: how many there are. */
  async compare(): Promise<number> {
    let count = 0;
    for (const { id, branch, messages } of this.conversations) {
      const page = { conversationId: id, order: 'asc', limit: 500, cursor: undefined } as const;
      const { body } = await this.services.reads.page(this.services.owner, page);
      const { data } = parseNumbersAsText(body) as { data: readonly { citations: readonly Shown[] }[] };
      const stands = data.map(({ citations }) => citations.map(shownStanding));
      expect([branch.name, stands]).toEqual([
        branch.name,
        messages.map((versions) => versions.map(modelStanding)),
      ]);
      count += messages.flat().length;
    }
    return count;
  }

  private async conversationOf(branch: ModelBranch, forkAt: number | null): Promise<CitingConversation> {
    const known = this.conversations.findLast((conversation) => conversation.branch === branch);
    if (known !== undefined && forkAt === null) return known;
    const id = randomUUID();
    const { owner, conversations, families } = this.services;
    const atSeq = (forkAt ?? 0) % ((known?.messages.length ?? 0) + 1);
    if (known === undefined)
      await conversations.create(owner, createConversationRequest.parse({ id, branch: branch.name }));
    else await families.fork(owner, { parentId: known.id, fork: { id, atSeq } });
    const made = { id, branch, messages: known?.messages.slice(0, atSeq) ?? [] };
    this.conversations.push(made);
    return made;
  }

  /** What was wrong, by path; empty when the message was taken. */
  private async outcome(done: Promise<unknown>): Promise<readonly (readonly string[])[]> {
    try {
      await done;
      return [];
    } catch (error) {
      if (!(error instanceof DomainError)) throw error;
      const { citations = [] } = (error.extra.details ?? {}) as {
        citations?: { path: string; code: string }[];
      };
      return citations.map(({ path, code }) => [path, code]);
    }
  }
}

function shownStanding({ branch, revision, quoted, status, current, restatedBy }: Shown): readonly unknown[] {
  return [branch, revision, quoted.close, status, current === null ? null : current?.close, restatedBy];
}

function modelStanding(version: ModelVersion): readonly unknown[] {
  const { status, restatedBy, close } = standingOf(version);
  const pinned = [version.branch.name, String(version.revision), version.close];
  return [...pinned, status, close, restatedBy === undefined ? undefined : String(restatedBy)];
}
