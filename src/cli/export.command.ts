import { readFile } from 'node:fs/promises';
import { Command, CommanderError } from 'commander';
import { verifyExport } from '../chat-history/export/verify-export.service.js';
import { print, type OutputOptions } from './output.js';

/** `stockroom export …` */
export function exportCommand(): Command {
  return new Command('export')
    .description('exported conversations (see docs/export.md)')
    .addCommand(verify());
}

function verify(): Command {
  return new Command('verify')
    .description('whether an exported conversation is what it was; needs neither service nor database')
    .argument('<file>', 'what GET /v1/conversations/{id}/export answered')
    .option('--json', 'print JSON for scripts')
    .action(async (file: string, options: OutputOptions) => {
      const verification = verifyExport(await readFile(file));
      if (verification.problem !== null)
        throw new CommanderError(1, 'format', `${file} ${verification.problem}.`);
      const { document, found } = verification;
      const expected = document.digest.value;
      const { conversation, messages, bars, revisions } = document;
      if (found !== expected) {
        if (options.json === true) print(options, { intact: false, expected, found }, []);
        throw new CommanderError(
          1,
          'changed',
          `${file} was changed after it was exported.\n  it says ${expected}\n  it is    ${found}`,
        );
      }
      const counts = { messages: messages.length, bars: bars.length, revisions: revisions.length };
      print(options, { intact: true, digest: found, ...counts }, [
        `${file} is what was exported at ${document.exportedAt}: SHA-256 ${found}`,
        `Conversation ${String(conversation['id'])}; messages: ${counts.messages}, quoted bars: ${counts.bars}, revisions: ${counts.revisions}`,
      ]);
    });
}
