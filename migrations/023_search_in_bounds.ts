import { Migration } from '@mikro-orm/migrations';

/**
 * What PostgreSQL's parser of words needs grows with the text and not with its square.
 *
 * At each `_` and `/` the parser looks ahead for the end of a path or address, and at each `<!--` for the end of a comment, and goes
 * back when there is none: 64 KiB of `a_` took 45 seconds. `search_text` puts another character into the place of each `_`, `/` and
 * `<`, so that the parser never begins to look. Control characters, because they part words as blanks do, and because they are one
 * character each, so that a marked part of the text can be turned back: {@link https://www.postgresql.org/docs/current/textsearch-parsers.html}
 * has no token with one. Those that the text has of itself are left out. A side effect is that the words of paths, tags and comments are
 * found one by one.
 *
 * The vector is no generated column any more but filled by a trigger where it was not given, so that an append can make it before it
 * locks anything.
 */
export class SearchInBounds extends Migration {
  override up(): void {
    this.addSql(`
      create function search_text(content text) returns text
      language sql immutable parallel safe
      return pg_catalog.translate(
        content,
        '_/<' || pg_catalog.chr(2) || pg_catalog.chr(3) || pg_catalog.chr(4) || pg_catalog.chr(5) || pg_catalog.chr(6),
        pg_catalog.chr(4) || pg_catalog.chr(5) || pg_catalog.chr(6)
      )`);
    this.addSql(`
      create or replace function message_search(language text, content text) returns tsvector
      language sql immutable parallel safe
      return pg_catalog.to_tsvector(language::pg_catalog.regconfig, search_text(content))`);
    this.addSql(`alter table messages alter column search drop expression`);
    this.addSql(`
      -- The same type, and every vector anew: the old ones have words that no query is made of any more.
      -- squawk-ignore changing-column-type
      alter table messages alter column search type tsvector using message_search(language, content)`);
    this.addSql(`
      create function messages_fill_search() returns trigger language plpgsql as $$
      begin
        new.search = public.message_search(new.language, new.content);
        return new;
      end $$`);
    this.addSql(`
      create trigger messages_search_added before insert on messages
      for each row when (new.search is null) execute function messages_fill_search()`);
    this.addSql(`
      create trigger messages_search_changed before update of content, language on messages
      for each row execute function messages_fill_search()`);
  }

  /** A column can be made a generated one only anew, so the last one is made anew, too, to stand behind it as before. */
  override down(): void {
    this.addSql(`drop trigger messages_search_changed on messages`);
    this.addSql(`drop trigger messages_search_added on messages`);
    this.addSql(`drop function messages_fill_search()`);
    this.addSql(`
      create or replace function message_search(language text, content text) returns tsvector
      language sql immutable parallel safe
      return pg_catalog.to_tsvector(language::pg_catalog.regconfig, content)`);
    this.addSql(`drop function search_text(text)`);
    this.addSql(`
      alter table messages
      drop column search,
      add column search tsvector generated always as (message_search(language, content)) stored,
      add column digest_kept bytea`);
    this.addSql(`update messages set digest_kept = request_digest where request_digest is not null`);
    this.addSql(`alter table messages drop column request_digest`);
    this.addSql(`alter table messages rename column digest_kept to request_digest`);
    this.addSql(`
      alter table messages
      add constraint messages_request_digest_check check (length(request_digest) = 32)`);
  }
}
