import { Migration } from '@mikro-orm/migrations';

/**
 * What a client asked for when it made a conversation or a message, as SHA-256: the same request under the same id is answered
 * alike, also when the title was changed since, and another one under that id is refused. Gone with the content.
 */
export class AddRequestDigests extends Migration {
  override up(): void {
    for (const table of ['conversations', 'messages']) {
      this.addSql(`
        alter table ${table}
          add column request_digest bytea,
          add constraint ${table}_request_digest_check check (length(request_digest) = 32) not valid`);
      this.addSql(`alter table ${table} validate constraint ${table}_request_digest_check`);
    }
  }

  override down(): void {
    for (const table of ['conversations', 'messages'])
      this.addSql(`alter table ${table} drop column request_digest`);
  }
}
