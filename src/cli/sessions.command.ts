import { Command, CommanderError } from 'commander';
import { PurgeSessionsService } from '../sessions/purge-sessions.service.js';
import { withApplication } from './command-context.js';
import { print, type OutputOptions } from './output.js';

interface EndAllOptions extends OutputOptions {
  readonly yes?: boolean;
}

/** `stockroom sessions …` */
export function sessionsCommand(): Command {
  return new Command('sessions')
    .description('sign-ins of people and visitors')
    .addCommand(purge())
    .addCommand(endAll());
}

function purge(): Command {
  return new Command('purge')
    .description('remove sessions that ended more than a day ago; a running service does it every hour')
    .option('--json', 'print JSON for scripts')
    .action(async (options: OutputOptions) => {
      await withApplication(async (app) => {
        const removed = await app.get(PurgeSessionsService).purge();
        print(options, { removed }, [`Removed ${removed} sessions.`]);
      });
    });
}

function endAll(): Command {
  return new Command('end-all')
    .description('sign everybody out, visitors too: after a backup was restored, or a leak')
    .option('--yes', 'really do it')
    .option('--json', 'print JSON for scripts')
    .action(async (options: EndAllOptions) => {
      if (options.yes !== true)
        throw new CommanderError(1, 'yes', 'This signs everybody out. Say --yes if you mean it.');
      await withApplication(async (app) => {
        const ended = await app.get(PurgeSessionsService).endEvery();
        print(options, { ended }, [`Ended ${ended} sessions.`]);
      });
    });
}
