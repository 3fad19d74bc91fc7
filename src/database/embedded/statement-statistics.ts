import { access } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** Where a PostgreSQL keeps its modules, seen from its programs: as packages for Node lay it out, and as Debian does. */
const MODULE_FOLDERS = ['../lib/postgresql', '../lib'];
const SUFFIXES = ['.so', '.dylib'];

/**
 * The settings with which a server counts its statements for `db slow`, where its installation has the module; none where it has not,
 * because a server that is to load what is not there does not start.
 *
 * **Why** without utility statements: their text is kept as it was sent, the password of an `alter role` with it. Of others the module
 * keeps the text without literals, those that the ORM writes among them.
 */
export async function statisticsSettings(postgres: string): Promise<Readonly<Record<string, string>>> {
  for (const folder of MODULE_FOLDERS) {
    for (const suffix of SUFFIXES) {
      if (await isThere(join(dirname(postgres), folder, `pg_stat_statements${suffix}`)))
        return { shared_preload_libraries: 'pg_stat_statements', 'pg_stat_statements.track_utility': 'off' };
    }
  }
  return {};
}

async function isThere(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch {
    return false;
  }
}
