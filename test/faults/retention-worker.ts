import { once } from 'node:events';
import { NestFactory } from '@nestjs/core';
import { entities } from '../../mikro-orm.config.js';
import { RetentionModule } from '../../src/chat-history/retention/retention.module.js';
import { RetentionService } from '../../src/chat-history/retention/retention.service.js';
import { ConfigModule } from '../../src/config/config.module.js';
import { loadSettings, type ConnectionSettings } from '../../src/config/settings.js';
import { DatabaseModule } from '../../src/database/database.module.js';

/** What the worker is told. */
export interface RetentionJob {
  readonly db: ConnectionSettings;
  readonly days: number;
}

const CENTURY_MS = 3_155_760_000_000;

/** One run of retention, in a process of its own whose clock is a century ahead; begins when standard input says something. */
async function main({ db, days }: RetentionJob): Promise<void> {
  const trueNow = Date.now.bind(Date);
  Date.now = () => trueNow() + CENTURY_MS;
  const settings = loadSettings({ STOCKROOM_MESSAGE_RETENTION_DAYS: String(days) });
  const module = class {};
  const app = await NestFactory.createApplicationContext(
    {
      module,
      imports: [
        ConfigModule.forRoot(() => settings),
        DatabaseModule.forRoot({ settings, connection: db, entities }),
        RetentionModule,
      ],
    },
    { logger: false, abortOnError: false },
  );
  process.stdout.write('ready\n');
  await once(process.stdin, 'data');
  process.stdin.destroy();
  await app.get(RetentionService).run({ dryRun: false });
  await app.close();
}

await main(JSON.parse(process.argv[2] ?? '') as RetentionJob);
