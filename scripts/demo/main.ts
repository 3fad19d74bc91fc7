import { mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { loadSettings } from '../../src/config/settings.js';
import { Service } from './service.js';
import { Stage } from './stage.js';
import { tellStory } from './story.js';

interface Options {
  readonly url?: string;
  readonly dataDir?: string;
  readonly login?: string;
  readonly password?: string;
  readonly export?: string;
}

const PAUSE_MS = 900;

/** Where the service is that was started with the same environment. **Errors**: `ConfigurationError`. */
function fromEnvironment(): { url: string; dataDir: string } {
  // The others are the service's own business: whoever only listens may have no key or password to give.
  const { PORT, STOCKROOM_DATA_DIR } = process.env;
  const { http, dataDir } = loadSettings({ PORT, STOCKROOM_DATA_DIR });
  return { url: `http://127.0.0.1:${http.port}`, dataDir };
}

/** Who signs in: whoever is named, or the administrator that the first start made. **Errors**: `Error` that says what to give. */
async function credentials({
  login,
  password,
  dataDir,
}: Options): Promise<{ login: string; password: string }> {
  if (login !== undefined && password !== undefined) return { login, password };
  const path = join(dataDir ?? fromEnvironment().dataDir, 'admin.json');
  const text = await readFile(path, 'utf8').catch(() => {
    throw new Error(`There is no ${path}: give --login and --password of an administrator, or --data-dir.`);
  });
  const admin = JSON.parse(text) as { email: string; password: string };
  return { login: admin.email, password: admin.password };
}

async function run(options: Options): Promise<void> {
  const startedAt = performance.now();
  const service = new Service((options.url ?? fromEnvironment().url).replace(/\/$/, ''));
  const stage = new Stage(process.stdout, PAUSE_MS);
  await service.send('GET', '/livez');
  const { login, password } = await credentials(options);
  await service.signIn(login, password);
  // A folder of its own: the one for temporary files is everybody's, and a name that can be guessed may be taken.
  const exportPath = options.export ?? join(await mkdtemp(join(tmpdir(), 'stockroom-demo-')), 'export.json');
  stage.say(
    stage.style('bold', 'An answer that stays checkable'),
    `told by ${service.url}, asked as ${login}`,
  );
  try {
    await tellStory({ service, stage, exportPath });
  } finally {
    await service.signOut();
  }
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  stage.say('', `That took ${seconds} s. Verify the document yourself, without the service:`);
  stage.say(`   npm run stockroom -- export verify ${exportPath}`, `Everything else: ${service.url}/docs`);
}

const program = new Command('demo')
  .description('tells, with the running service, what it is good for; safe to run as often as you like')
  .option('--url <url>', 'where the service listens; port PORT of this machine, or 3000, unless given')
  .option('--data-dir <folder>', 'where admin.json lies; STOCKROOM_DATA_DIR, or .stockroom, unless given')
  .option('--login <login>', 'email or username of an administrator')
  .option('--password <password>', 'their password')
  .option(
    '--export <file>',
    'where to keep the exported conversation; a new folder for temporary files unless given',
  )
  .action(run);

try {
  await program.parseAsync();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
