import type { Statement } from '../../database/statement.js';

/**
 * How the server's archiving of its log goes; everybody may ask. **Shape**: one row: whether it archives, segments archived and failed,
 * instants of the last of each in seconds, null when there was none.
 */
export function archiverState(): Statement {
  return {
    name: 'metrics_archiver_state',
    text: `
      select current_setting('archive_mode') <> 'off', archived_count::float8, failed_count::float8,
        extract(epoch from last_archived_time)::float8, extract(epoch from last_failed_time)::float8
      from pg_stat_archiver`,
    values: [],
  };
}
