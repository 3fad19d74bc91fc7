import { Command } from 'commander';
import { RetentionService } from '../chat-history/retention/retention.service.js';
import { withApplication } from './command-context.js';
import { print, type OutputOptions } from './output.js';

/** `stockroom retention …` */
export function retentionCommand(): Command {
  return new Command('retention')
    .description('messages that are past their date (see docs/retention.md)')
    .addCommand(run());
}

function run(): Command {
  return new Command('run')
    .description('remove what is past its date, in batches; a running service does it every hour')
    .option('--dry-run', 'only count what would be removed', false)
    .option('--json', 'print JSON for scripts')
    .action(async (options: OutputOptions & { dryRun: boolean }) => {
      const report = await withApplication(async (app) => app.get(RetentionService).run(options));
      const { dryRun, messages, conversations, tombstones, finished } = report;
      print(options, report, [
        `${dryRun ? 'Would remove' : 'Removed'} ${messages} messages, ${conversations} conversations and ${tombstones} tombstones of deleted ones.`,
        ...(finished ? [] : ['Another process is at it; what is left goes with its run.']),
      ]);
    });
}
