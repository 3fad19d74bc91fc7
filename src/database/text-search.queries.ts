import type { Statement } from './statement.js';

/** Text-search configurations that PostgreSQL brings. **Shape**: one row each, its name, in the order of the alphabet. */
export function searchLanguages(): Statement {
  return {
    name: 'text_search_languages',
    text: `select cfgname from pg_ts_config where cfgnamespace = 'pg_catalog'::regnamespace order by cfgname`,
    values: [],
  };
}
