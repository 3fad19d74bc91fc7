import { EntityManager } from '@mikro-orm/postgresql';
import { Inject, Injectable } from '@nestjs/common';
import type { Client } from 'pg';
import { SETTINGS, type Settings } from '../config/settings.js';
import { runStatement } from '../database/direct-connection.js';
import type { Row } from '../database/statement.js';
import { DecryptionError } from '../encryption/encryption.errors.js';
import { EncryptionService } from '../encryption/encryption.service.js';
import type { CellsReport, UnreadableCell } from './keys.types.js';
import { staleCells } from './rotation.queries.js';
import { asOwner, encryptedTables } from './rotation/owner-connection.js';

const PAGE_ROWS = 500;
const MAX_NAMED_CELLS = 100;

/** Tries every stored secret with the keys that are configured. */
@Injectable()
export class ReadCellsService {
  constructor(
    private readonly em: EntityManager,
    private readonly encryption: EncryptionService,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  /**
   * Decrypts every value of every encrypted column, a page at a time, and keeps none. Beside a running service, or without one.
   *
   * **Errors**: `DatabaseSetupError` without the owner's connection, whose policy shows every person's rows.
   */
  async readAll(): Promise<CellsReport> {
    return asOwner(this.settings, async (owner) => {
      const unreadableCells: UnreadableCell[] = [];
      let [read, unreadable] = [0, 0];
      for await (const { text, ...cell } of this.cells(owner)) {
        if (this.isReadable(cell, text)) read++;
        else if (++unreadable <= MAX_NAMED_CELLS) unreadableCells.push(cell);
      }
      return { read, unreadable, unreadableCells };
    });
  }

  private async *cells(owner: Client): AsyncGenerator<UnreadableCell & { readonly text: string }> {
    for (const table of encryptedTables(this.em)) {
      for (let after: string | null = null; ;) {
        const rows: readonly Row[] = await runStatement(
          owner,
          staleCells(table, { keyId: null, after, limit: PAGE_ROWS }),
        );
        for (const [id, ...values] of rows) {
          for (const [place, column] of table.columns.entries()) {
            const text = values[place];
            if (typeof text === 'string') yield { table: table.table, column, rowId: String(id), text };
          }
        }
        if (rows.length < PAGE_ROWS) break;
        after = String(rows.at(-1)?.[0]);
      }
    }
  }

  private isReadable(cell: UnreadableCell, text: string): boolean {
    try {
      this.encryption.decrypt(cell, text);
      return true;
    } catch (error) {
      if (error instanceof DecryptionError) return false;
      throw error;
    }
  }
}
