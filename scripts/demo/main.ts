import { mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { Service } from './service.js';
import { Stage } from './stage.js';
import { tellStory } from './story.js';

interface Options {
  readonly url: string;
  readonly dataDir: string;
  readonly login?: string;
  readonly password?: string;
  readonly export?: string;
}

const PAUSE_MS = 900;

/** Who signs in: whoever is named, or the administrator that the first start made. **Errors**: `Error` that says what to give. */
async function credentials({
  login,
  password,
  dataDir,
}: Options): Promise<{ login: string; password: string }> {
  if (login !== undefined && password !== undefined) return { login, password };
  const path = join(dataDir, 'admin.json');
  const text = await readFile(path, 'utf8').catch(() => {
    throw new Error(`There is no ${path}: give --login and --password of an administrator, or --data-dir.`);
  });
  const admin = JSON.parse(text) as { email: string; password: string };
  return { login: admin.email, password: admin.password };
}

async function run(options: Options): Promise<void> {
  const startedAt = performance.now();
  const service = new Service(options.url.replace(/\/$/, ''));
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
  .option('--url <url>', 'where the service listens', 'http://127.0.0.1:3000')
  .option('--data-dir <folder>', 'where admin.json lies', '.stockroom')
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
