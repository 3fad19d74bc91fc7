import { writeFileSync } from 'node:fs';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { openDatabase } from '../src/boot/open-database.js';
import { loadSettings } from '../src/config/settings.js';
import { generateSecret } from '../src/encryption/secrets.js';
import { createApp } from '../src/http/create-app.js';
import { openApiDocument } from '../src/http/openapi.js';

/** Where the document stands, and how it gets there: the test that compares them prints both. */
export const OPENAPI_FILE = 'docs/openapi.json';
export const OPENAPI_COMMAND = 'npm run openapi';

const KEY_BYTES = 32;

/** The whole service as it is wired, over a database that nobody ever asks: connections are made by the first statement. */
export async function appWithoutDatabase(): Promise<NestFastifyApplication> {
  const settings = loadSettings({
    DATABASE_URL: 'postgres://nobody@127.0.0.1:1/nowhere',
    STOCKROOM_LOG_LEVEL: 'silent',
    ENCRYPTION_KEYS: `none:${generateSecret(KEY_BYTES)}`,
  });
  return createApp(await openDatabase(settings, { holder: 'command' }));
}

/** The text of the committed document. */
export function openApiText(app: NestFastifyApplication): string {
  return `${JSON.stringify(openApiDocument(app), null, 2)}\n`;
}

if (import.meta.main) {
  const app = await appWithoutDatabase();
  writeFileSync(new URL(`../${OPENAPI_FILE}`, import.meta.url), openApiText(app));
  await app.close();
}
