import { setTimeout as sleep } from 'node:timers/promises';
import { v7 as uuidv7 } from 'uuid';
import { generateSecret, sha256 } from '../../../src/encryption/secrets.js';
import type { Ledger } from './ledger.js';
import type { RunningService } from './running-service.js';

/** Stocks that the writer alone writes. */
export const CORRECTED = 'CORRECTED';
export const GROWING = 'GROWING';

const PAUSE_MS = 25;
const CORRECTED_DAYS = 30;

/** Who the writer is. */
export interface Account {
  readonly login: string;
  readonly password: string;
}

/**
 * Writes over HTTP, one thing after the other, until it is stopped or nothing answers: corrections, files, messages that quote what was
 * just corrected, secrets, sign-ins. **Why** one lane: between two operations nothing is under way, so that at such a moment the
 * ledger says exactly which rows there are.
 */
export class Writer {
  private stopped = false;
  private running: Promise<void> | null = null;
  private conversation = '';
  /** The revision of the open version of each bar, by symbol and day. */
  private readonly open = new Map<string, string>();

  constructor(
    private readonly ledger: Ledger,
    private readonly account: Account,
  ) {}

  /** Signs in and makes what is written to. Its rows are noted as operations like all others. */
  async prepare(service: RunningService): Promise<void> {
    await this.signIn(service);
    for (const symbol of [CORRECTED, GROWING]) await service.must('POST', '/v1/stocks', { symbol });
    const days = Array.from({ length: CORRECTED_DAYS }, (_, n) => [dayAt(n), '100'] as const);
    await this.importDays(service, CORRECTED, days);
    this.conversation = String((await service.must('POST', '/v1/conversations', { title: 'drill' }))['id']);
  }

  /** Signs in anew, for a service whose sessions were ended. */
  async signIn(service: RunningService): Promise<void> {
    const operation = this.ledger.invoke('sign-in');
    const { login, password } = this.account;
    const session = await service.must('POST', '/v1/sessions', { login, password });
    service.token = String(session['token']);
    this.ledger.ok(operation, [`session|${String(session['id'])}`]);
  }

  begin(service: RunningService): void {
    this.stopped = false;
    this.running = this.write(service);
  }

  /** Resolves when the writer has ended; what it was at may be without an answer. */
  async stop(): Promise<void> {
    this.stopped = true;
    await this.running;
  }

  private async write(service: RunningService): Promise<void> {
    try {
      for (let turn = 0; !this.stopped; turn++) {
        await this.one(service, turn);
        await sleep(PAUSE_MS);
      }
    } catch {
      // The database is gone: that is what this is about. The operation stays without an answer.
    }
  }

  private async one(service: RunningService, turn: number): Promise<void> {
    const number = this.ledger.operations.length;
    if (turn % 10 === 9) return this.signIn(service);
    if (turn % 5 === 1) return this.storeSecret(service, number);
    if (turn % 5 === 3) return this.importDays(service, GROWING, [[dayAt(number), price(number)]]);
    return this.correctAndQuote(service, number);
  }

  private async correctAndQuote(service: RunningService, number: number): Promise<void> {
    const date = dayAt(number % CORRECTED_DAYS);
    const close = price(number);
    const correction = this.ledger.invoke('correction');
    const path = `/v1/stocks/${CORRECTED}/data/${date}`;
    const { revision } = await service.must('PUT', path, { close: Number(close) });
    this.ledger.ok(correction, [
      `revision|${String(revision)}`,
      ...this.version(CORRECTED, date, String(revision), close),
    ]);
    await sleep(PAUSE_MS);
    const message = this.ledger.invoke('message');
    const id = uuidv7();
    const content = `It closed at ${close}, says ${generateSecret(24)}.`;
    const citation = { type: 'stock-data', symbol: CORRECTED, date, field: 'close', value: close };
    const body = { id, role: 'assistant', content, citations: [citation] };
    const { seq } = await service.must('POST', `/v1/conversations/${this.conversation}/messages`, body);
    this.ledger.ok(message, [
      `message|${id}|${String(seq)}|${sha256(content).toString('hex')}`,
      `citation|${id}|0|${String(revision)}`,
    ]);
  }

  private async importDays(
    service: RunningService,
    symbol: string,
    days: readonly (readonly [date: string, close: string])[],
  ): Promise<void> {
    const operation = this.ledger.invoke('import');
    const csv = `Date,Close\n${days.map((day) => day.join(',')).join('\n')}\n`;
    const { revision } = await service.must('POST', `/v1/stocks/${symbol}/data`, csv);
    this.ledger.ok(operation, [
      `revision|${String(revision)}`,
      ...days.flatMap(([date, close]) => this.version(symbol, date, String(revision), close)),
    ]);
  }

  /** The row of a new version of a bar, and that of the end which it puts to the one before. */
  private version(symbol: string, date: string, revision: string, close: string): readonly string[] {
    const bar = `${symbol}|${date}`;
    const before = this.open.get(bar);
    this.open.set(bar, revision);
    return [
      `bar|${bar}|${revision}|${close}`,
      ...(before === undefined ? [] : [`closed|${bar}|${before}|${revision}`]),
    ];
  }

  private async storeSecret(service: RunningService, number: number): Promise<void> {
    const operation = this.ledger.invoke('secret');
    const [provider, apiKey] = [`provider-${number}`, generateSecret(24)];
    await service.must('PUT', `/v1/users/me/credentials/${provider}`, { kind: 'api-key', apiKey });
    this.ledger.ok(operation, [`secret|${provider}|${apiKey}`]);
  }
}

function dayAt(offset: number): string {
  return new Date(Date.UTC(1990, 0, 1 + offset)).toISOString().slice(0, 10);
}

/** A price that the number does not repeat within a few hundred operations, without zeros at its end. */
function price(number: number): string {
  return `${50 + (number % 400)}.${1 + (number % 9)}`;
}
