import { link, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { makeFolder } from '../config/usable-folder.js';
import { DatabaseSetupError } from '../database/database.errors.js';
import { generateSecret } from '../encryption/secrets.js';

const SECRET_BYTES = 24;
const KEY_BYTES = 32;

const secretsFile = z.strictObject({
  superuserPassword: z.string(),
  ownerPassword: z.string(),
  appPassword: z.string(),
  readonlyPassword: z.string(),
  encryptionKeys: z.string(),
});

/** Secrets of an installation that runs on its own embedded database. Nobody chose them, so nobody can have chosen badly. */
export type DataDirectorySecrets = z.infer<typeof secretsFile>;

/** Where the secrets of a data directory stand. */
export function secretsPath(dataDir: string): string {
  return join(dataDir, 'secrets.json');
}

/**
 * The secrets of a data directory, made at the first start and kept in `secrets.json`, readable by its owner only. Whoever
 * loses the file loses what was encrypted with it.
 */
export async function dataDirectorySecrets(dataDir: string): Promise<DataDirectorySecrets> {
  try {
    await makeFolder(dataDir);
  } catch (error) {
    throw new DatabaseSetupError(
      `The data directory ${dataDir} cannot be made (${(error as NodeJS.ErrnoException).code}). Set STOCKROOM_DATA_DIR to a folder that this user may write.`,
      { cause: error },
    );
  }
  const path = secretsPath(dataDir);
  return (await readSecrets(path)) ?? (await makeSecrets(path));
}

async function readSecrets(path: string): Promise<DataDirectorySecrets | null> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
  if (text === null) return null;
  const parsed = secretsFile.safeParse(parseJson(text));
  if (!parsed.success)
    throw new DatabaseSetupError(
      `${path} is damaged. Restore it from a backup: what it encrypts cannot be read without it.`,
    );
  return parsed.data;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** Two first starts at once: the one that links its file first wins, the other reads it. */
async function makeSecrets(path: string): Promise<DataDirectorySecrets> {
  const secrets: DataDirectorySecrets = {
    superuserPassword: generateSecret(SECRET_BYTES),
    ownerPassword: generateSecret(SECRET_BYTES),
    appPassword: generateSecret(SECRET_BYTES),
    readonlyPassword: generateSecret(SECRET_BYTES),
    encryptionKeys: `embedded-1:${generateSecret(KEY_BYTES)}`,
  };
  const own = `${path}.${process.pid}`;
  await writeFile(own, `${JSON.stringify(secrets, null, 2)}\n`, { mode: 0o600 });
  try {
    await link(own, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    await rm(own);
  }
  const kept = await readSecrets(path);
  if (kept === null) throw new Error(`${path} vanished while it was made.`);
  return kept;
}
