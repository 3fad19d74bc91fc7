import { flag, integer, oneOf, optionalText, text } from './variable.js';

/** Folders. */
export const folderVariables = {
  STOCKROOM_DATA_DIR: text({
    description: 'Folder of the embedded database and of generated secrets (mode 0600).',
    values: 'path, relative to where the service is started',
    default: '.stockroom',
  }),
};

/** Limits of file imports. */
export const importVariables = {
  STOCKROOM_IMPORT_MAX_BYTES: integer({
    description: 'Longest upload as it arrives, compressed or not. A million bars of CSV are about 60 MB.',
    min: 1_024,
    max: 1_099_511_627_776,
    default: 1_073_741_824,
  }),
  STOCKROOM_IMPORT_MAX_EXPANDED_BYTES: integer({
    description: 'Longest upload once it is unpacked, so that a small archive cannot fill the disk.',
    min: 1_024,
    max: 1_099_511_627_776,
    default: 4_294_967_296,
  }),
  STOCKROOM_IMPORT_IDLE_TIMEOUT_MS: integer({
    description: 'How long an upload may send nothing before it is given up with 408.',
    min: 1_000,
    max: 600_000,
    default: 30_000,
  }),
  STOCKROOM_IMPORT_CONCURRENCY: integer({
    description:
      'Imports that use the database at the same time; others wait with their file on disk. They commit one after another anyway, and each holds a connection of the pool.',
    min: 1,
    max: 16,
    default: 2,
  }),
  STOCKROOM_IMPORT_SPOOL_DIR: optionalText({
    description:
      'Folder where an upload is kept until it is complete, so that a slow one holds no database connection.',
    values: 'path',
    default: '`<data dir>/spool`',
  }),
};

/** Limits of merges and reverts. */
export const changeVariables = {
  STOCKROOM_BARS_PER_CHANGE: integer({
    description:
      'Most bars that one merge or revert may change: every other change of prices waits while they are written, some 10 s for a million on an idle machine, and gives up after two minutes. More are refused with 422.',
    min: 1,
    max: 1_000_000_000,
    default: 2_000_000,
  }),
};

/** What the service says. */
export const logVariables = {
  STOCKROOM_LOG_LEVEL: oneOf({
    description: 'The least important kind of line that is written. `info` is one line per request.',
    words: ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'],
    default: 'info',
  }),
  STOCKROOM_LOG_FORMAT: oneOf({
    description: '`auto` is readable on a terminal and JSON elsewhere.',
    words: ['auto', 'json', 'pretty'],
    default: 'auto',
  }),
  STOCKROOM_SLOW_QUERY_MS: integer({
    description:
      'A statement that takes longer is logged, without its values. Usual ones take about a millisecond. 0 logs all.',
    min: 0,
    max: 600_000,
    default: 250,
  }),
  STOCKROOM_DOCS_ENABLED: flag({
    description:
      'Serves `/openapi.json` and the browsable page at `/docs`. They tell nothing but the contract.',
    default: true,
  }),
};
