import { writeFile } from 'node:fs/promises';
import { digestOf, type ExportDocument } from '../../src/chat-history/export/export-document.types.js';
import { chart, NOW, THEN } from './chart.js';
import { SLIP, trueDays, vendorFile } from './prices.js';
import { Refused, type Json, type Service } from './service.js';
import type { Stage } from './stage.js';

/** The stock of the story. It is made for it: a stock of this symbol with another name is somebody's own. */
const SYMBOL = 'DEMO';
const NAME = 'Demo Corp (made up by npm run demo)';

const DATA = `/v1/stocks/${SYMBOL}/data`;

/** What the story is told with. */
export interface Storyteller {
  readonly service: Service;
  readonly stage: Stage;
  /** Where the export is kept. */
  readonly exportPath: string;
}

/**
 * Imports prices with a mistake in them, lets an assistant quote the mistake, corrects it, and shows that nothing is lost: neither
 * what was said, nor what was known then, nor that it was wrong. Told again, it begins with the mistake again.
 *
 * **Errors**: `Refused`, `NotRunning`, and `Error` where the service does not behave as the story says.
 */
export async function tellStory(by: Storyteller): Promise<void> {
  const imported = await importPrices(by);
  const conversation = await ask(by);
  await quote(by, conversation);
  await correct(by);
  await showFlag(by, conversation);
  await showChart(by, imported);
  await verifyExport(by, conversation);
}

async function importPrices({ service, stage }: Storyteller): Promise<number> {
  await stage.step('A vendor sends a month of prices');
  await trackStock(service);
  const report = await service.send('POST', `${DATA}?message=${encodeURIComponent('the vendor’s file')}`, {
    csv: vendorFile(),
  });
  const { inserted, corrected, unchanged } = report;
  stage.fact(
    `POST ${DATA}: ${String(inserted)} inserted, ${String(corrected)} corrected, ${String(unchanged)} unchanged.`,
  );
  const page = await service.send('GET', `${DATA}?limit=1`);
  stage.fact(
    `That is revision ${String(page['revision'])}. Nobody has noticed that two digits of ${SLIP.date} are swapped.`,
  );
  return Number(page['revision']);
}

async function trackStock(service: Service): Promise<void> {
  try {
    await service.send('POST', '/v1/stocks', { json: { symbol: SYMBOL, name: NAME, currency: 'USD' } });
  } catch (error) {
    if (!(error instanceof Refused) || error.status !== 409) throw error;
    const { name } = await service.send('GET', `/v1/stocks/${SYMBOL}`);
    if (name !== NAME)
      throw new Error(`There is a stock ${SYMBOL} already that is not the demo’s; it stays as it is.`, {
        cause: error,
      });
  }
}

async function ask({ service, stage }: Storyteller): Promise<string> {
  await stage.step('Somebody asks');
  const conversation = await service.send('POST', '/v1/conversations', {
    json: { title: `What happened to ${SYMBOL}?` },
  });
  const id = String(conversation['id']);
  const question = `Where did ${SYMBOL} close on ${SLIP.date}?`;
  await append(service, id, { role: 'user', content: question });
  stage.quote('you', question);
  return id;
}

async function quote({ service, stage }: Storyteller, conversation: string): Promise<void> {
  await stage.step('An assistant answers, and must quote what is there');
  const citation = { type: 'stock-data', symbol: SYMBOL, date: SLIP.date, field: 'close' };
  const invented = { ...citation, value: '75.00' };
  const refusal = await refused(
    append(service, conversation, { role: 'assistant', content: 'At 75.00.', citations: [invented] }),
  );
  stage.quote('assistant', `${SYMBOL} closed at 75.00.`);
  stage.fact(
    `${stage.style('red', `${refusal.status} ${refusal.problem.code}`)}: a made-up price is not stored, and the answer says what is true: ${String(refusal.problem.citations?.[0]?.value)}.`,
  );
  const content = `It fell sharply and closed at ${SLIP.wrong}.`;
  const message = await append(service, conversation, {
    ...{ role: 'assistant', content },
    citations: [{ ...citation, value: SLIP.wrong }],
  });
  const pinned = citationOf(message);
  stage.quote('assistant', content);
  stage.fact(
    `${stage.style('green', '201')}: pinned to revision ${String(pinned['revision'])} of branch ${String(pinned['branch'])}, status ${String(pinned['status'])}.`,
  );
}

async function correct({ service, stage }: Storyteller): Promise<void> {
  await stage.step('The vendor corrects itself');
  const json = { close: SLIP.right, message: 'digits swapped by the vendor' };
  const { consequences } = await service.send('PUT', `${DATA}/${SLIP.date}?dryRun=true`, { json });
  const { restatedCitations: count } = consequences as { restatedCitations: number };
  stage.fact(
    `A dry run first: correcting ${SLIP.date} from ${SLIP.wrong} to ${SLIP.right} would restate ${count} ${count === 1 ? 'quotation' : 'quotations'}.`,
  );
  const { revision } = await service.send('PUT', `${DATA}/${SLIP.date}`, { json });
  stage.fact(`Done, as revision ${String(revision)}. The old price is kept: nothing is ever overwritten.`);
}

async function showFlag({ service, stage }: Storyteller, conversation: string): Promise<void> {
  await stage.step('The quotation is flagged, wherever it is shown');
  const { data } = await service.send('GET', `/v1/conversations/${conversation}/messages?order=desc&limit=1`);
  const { status, quoted, current, restatedBy } = citationOf((data as readonly Json[])[0] ?? {});
  if (status !== 'restated') throw new Error(`The quotation should be restated, and is ${String(status)}.`);
  const close = (bar: unknown): string => String((bar as Json)['close']);
  stage.fact(
    `${stage.style('yellow', 'restated')} by revision ${String(restatedBy)}: quoted ${close(quoted)}, now ${close(current)}.`,
  );
  stage.fact('What was said stays as it was said, beside what is known today.');
}

async function showChart({ service, stage }: Storyteller, revision: number): Promise<void> {
  await stage.step(`Then and now: ?asOf=${revision} beside today`);
  const { length } = trueDays();
  const closes = async (query: string): Promise<readonly Json[]> => {
    const page = await service.send(
      'GET',
      `${DATA}?order=asc&limit=${length}&from=${trueDays()[0]?.date}${query}`,
    );
    return page['data'] as readonly Json[];
  };
  const [then, now] = await Promise.all([closes(`&asOf=${revision}`), closes('')]);
  const points = now.map((bar, place) => {
    return {
      label: String(bar['date']),
      before: Number(then[place]?.['close']),
      today: Number(bar['close']),
    };
  });
  stage.say('');
  for (const line of chart(points)) {
    stage.fact(line.replaceAll(NOW, stage.style('green', NOW)).replaceAll(THEN, stage.style('red', THEN)));
  }
  stage.fact(
    `${' '.repeat(11)}${stage.style('green', NOW)} known today   ${stage.style('red', THEN)} known then, and no longer true`,
  );
}

async function verifyExport(
  { service, stage, exportPath }: Storyteller,
  conversation: string,
): Promise<void> {
  await stage.step('The conversation goes out as a document that proves itself');
  const document = (await service.send('GET', `/v1/conversations/${conversation}/export`)) as Json &
    ExportDocument;
  const { messages, bars, revisions, digest } = document;
  await writeFile(exportPath, `${JSON.stringify(document, null, 2)}\n`);
  stage.fact(`${exportPath}`);
  stage.fact(
    `Messages: ${messages.length}, quoted bars: ${bars.length}, revisions with author and source: ${revisions.length}.`,
  );
  const isIntact = digestOf(document) === digest.value;
  stage.fact(
    `SHA-256 ${digest.value.slice(0, 16)}… ${isIntact ? stage.style('green', '✓ as exported') : '✗ changed'}`,
  );
  const forged = JSON.parse(JSON.stringify(document).replaceAll(SLIP.wrong, SLIP.right)) as ExportDocument;
  const isForgerySeen = digestOf(forged) !== digest.value;
  stage.fact(
    `With the quoted price polished to ${SLIP.right}: ${isForgerySeen ? stage.style('red', '✗ changed, and it shows') : '✓'}`,
  );
  if (!isIntact || !isForgerySeen) throw new Error('The export does not prove what it should.');
}

async function append(service: Service, conversation: string, json: Json): Promise<Json> {
  return service.send('POST', `/v1/conversations/${conversation}/messages`, { json });
}

function citationOf(message: Json): Json {
  return (message['citations'] as readonly Json[] | undefined)?.[0] ?? {};
}

/** **Errors**: `Error` when the service lets it through. */
async function refused(sending: Promise<unknown>): Promise<Refused> {
  try {
    await sending;
  } catch (error) {
    if (error instanceof Refused && error.status === 422) return error;
    throw error;
  }
  throw new Error('The service took a price that nobody ever had.');
}
