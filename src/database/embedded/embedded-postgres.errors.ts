/**
 * The embedded database cannot be started, reached or created. The message says what is wrong and what mends it.
 *
 * **Why** not a DomainError: no client of the service ever sees it; it ends a start or goes to the log.
 */
export class EmbeddedPostgresError extends Error {
  constructor(message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** Another service holds this data directory. **Shape**: `holderPid` is undefined when the holder cannot be named. */
export class DataDirectoryInUse extends EmbeddedPostgresError {
  constructor(
    readonly dataDir: string,
    readonly holderPid: number | undefined,
  ) {
    const holder = holderPid === undefined ? 'another service' : `the service with process id ${holderPid}`;
    super(
      `The data directory ${dataDir} is in use by ${holder}. Stop that service first, ` +
        'or give this one a data directory of its own with STOCKROOM_DATA_DIR.',
    );
  }
}

/** The end of what a program printed. */
export const lastLines = (output: string): string => output.trim().split('\n').slice(-8).join('\n');

interface Explanation {
  readonly pattern: RegExp;
  readonly mend: string;
}

/** **Why** the order: shared memory reports "No space left on device" too, and a full disk is not its cause. */
const EXPLANATIONS: readonly Explanation[] = [
  {
    pattern: /could not (create|resize|attach to) (shared memory segment|semaphores)/,
    mend: 'The kernel grants too little shared memory or too few semaphores; in a container give it more with --shm-size=256m.',
  },
  {
    pattern: /No space left on device|Check free disk space|wrote only \d+ of \d+ bytes/,
    mend: 'The disk is full: free some space and start again.',
  },
  {
    pattern: /error while loading shared libraries/,
    mend: 'A system library is missing (on Debian: apt-get install libstdc++6). An external server needs none: set DATABASE_URL.',
  },
  {
    pattern: /could not look up effective user ID/,
    mend: 'This user id has no entry in /etc/passwd, which initdb insists on: add one, or set DATABASE_URL.',
  },
  {
    pattern: /Read-only file system/,
    mend: 'The file system is read-only: choose a writable folder with STOCKROOM_DATA_DIR.',
  },
  {
    pattern: /Permission denied|Operation not permitted|has wrong ownership|has invalid permissions/,
    mend: 'The server process may not use that path: mend its owner and mode, or choose another folder with STOCKROOM_DATA_DIR.',
  },
  {
    pattern: /database files are incompatible with server/,
    mend: 'The cluster was made by another version of PostgreSQL: dump it with that version and restore it into a new data directory.',
  },
];

/** An error out of what a program of PostgreSQL printed: the mend where the cause is known, its last lines always. */
export function explainFailure(what: string, output: string): EmbeddedPostgresError {
  const known = EXPLANATIONS.find(({ pattern }) => pattern.test(output));
  return new EmbeddedPostgresError([what, known?.mend, lastLines(output)].filter(Boolean).join('\n'));
}

/** The `code` of an error of the system or the database, e.g. `ENOENT` or `57P03`. A number is an exit status. */
export function codeOf(error: unknown): unknown {
  return typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
}

/**
 * Whether `error` has one of these codes.
 *
 * **Why** not `instanceof Error` first: jest runs tests in a context whose Error is not that of Node's own modules.
 */
export function hasCode(error: unknown, ...codes: readonly string[]): boolean {
  const code = codeOf(error);
  return typeof code === 'string' && codes.includes(code);
}

/** The message of whatever was thrown. */
export function messageOf(error: unknown): string {
  const hasMessage = typeof error === 'object' && error !== null && 'message' in error;
  return hasMessage ? String(error.message) : String(error);
}
