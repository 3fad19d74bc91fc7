import { randomUUID } from 'node:crypto';
import { expect } from '@jest/globals';
import { parseNumbersAsText } from '../../support/api-client.js';
import { day } from '../../factories/bars.js';
import { DomainError } from '../../../src/common/errors.js';
import type { ConversationsService } from '../../../src/chat-history/conversations/conversations.service.js';
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
}

/** The services under test, and for whom. */
export interface CitedServices {
  readonly owner: HistoryOwner;
  readonly conversations: ConversationsService;
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

/** Messages that quote bars of one history, in the database and in the model: one conversation for each branch. */
export class CitedHistory {
  private readonly conversations = new Map<
    ModelBranch,
    { readonly id: string; readonly messages: ModelVersion[][] }
  >();

  constructor(
    private readonly services: CitedServices,
    private readonly run: HistoryRun,
    private readonly symbol: string,
  ) {}

  /** Quotes bars; what the model does not see must be refused, with everything that is wrong. */
  async cite(cite: Cite): Promise<void> {
    const branch = this.run.branches[cite.branch % this.run.branches.length] ?? this.run.main;
    const conversation = await this.conversationOf(branch);
    const revisions = this.run.branches.flatMap(({ commits }) => commits.map(({ revision }) => revision));
    const quotes = cite.quotes.map(({ day: offset, revision }) => {
      const asOf = revision === null ? null : (revisions[revision % revisions.length] ?? null);
      return { asOf, day: offset, version: versionShown(branch, offset, asOf ?? NOW) };
    });
    const message = appendMessageRequest.parse({
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
    if (wrong.length === 0) conversation.messages.push(versions.filter((version) => version !== null));
  }

  /** Every citation that was ever made stands as the model says. **Shape**: how many there are. */
  async compare(): Promise<number> {
    let count = 0;
    for (const [branch, { id, messages }] of this.conversations) {
      const page = { conversationId: id, order: 'asc', limit: 500, cursor: undefined } as const;
      const { data } = await this.services.reads.page(this.services.owner, page);
      const shown = parseNumbersAsText(`[${data}]`) as readonly { citations: readonly Shown[] }[];
      const stands = shown.map(({ citations }) => citations.map(shownStanding));
      expect([branch.name, stands]).toEqual([
        branch.name,
        messages.map((versions) => versions.map(modelStanding)),
      ]);
      count += messages.flat().length;
    }
    return count;
  }

  private async conversationOf(branch: ModelBranch): Promise<{ id: string; messages: ModelVersion[][] }> {
    const known = this.conversations.get(branch);
    if (known !== undefined) return known;
    const conversation = { id: randomUUID(), messages: [] };
    const request = createConversationRequest.parse({ id: conversation.id, branch: branch.name });
    await this.services.conversations.create(this.services.owner, request);
    this.conversations.set(branch, conversation);
    return conversation;
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
