import { readFile } from 'node:fs/promises';
import { Command, CommanderError } from 'commander';
import {
  digestOf,
  EXPORT_FORMAT,
  type ExportDocument,
} from '../chat-history/export/export-document.types.js';
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
      const document = exported(file, await readFile(file, 'utf8'));
      const expected = document.digest.value;
      const found = digestOf(document);
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

/** **Errors**: `CommanderError` for a file that is no export. */
function exported(file: string, text: string): ExportDocument {
  const refuse = (reason: string): never => {
    throw new CommanderError(1, 'format', `${file} ${reason}.`);
  };
  let document: Partial<ExportDocument> | null;
  try {
    document = JSON.parse(text) as Partial<ExportDocument> | null;
  } catch {
    return refuse('is not JSON');
  }
  if (document?.format !== EXPORT_FORMAT) return refuse(`is no export in the format ${EXPORT_FORMAT}`);
  const { messages, bars, revisions, conversation, digest } = document;
  const isWhole = [messages, bars, revisions].every(Array.isArray) && typeof conversation === 'object';
  if (!isWhole || typeof digest?.value !== 'string') return refuse('lacks a part of an export');
  return document as ExportDocument;
}
