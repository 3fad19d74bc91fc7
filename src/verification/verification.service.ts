import { Inject, Injectable } from '@nestjs/common';
import type { Client } from 'pg';
import { SETTINGS, type Settings } from '../config/settings.js';
import { DatabaseSetupError } from '../database/database.errors.js';
import { runStatement, withConnection } from '../database/direct-connection.js';
import { ownerSession } from '../database/orm-options.js';
import { ReadCellsService } from '../keys/read-cells.service.js';
import { followVersions } from './follow-versions.js';
import { followedCitations, revisionChecksum, revisionNumbers } from './verification.queries.js';
import type {
  CitationFault,
  CitationsReport,
  RevisionChecksum,
  RevisionFault,
  RevisionsReport,
  VerificationOptions,
  VerificationReport,
} from './verification.types.js';

const PAGE_MESSAGES = 1_000;
const MAX_NAMED_FAULTS = 100;

/** Looks through a store and says whether it is whole: for a restored copy before people are let in, and for any other. */
@Injectable()
export class VerificationService {
  constructor(
    private readonly cells: ReadCellsService,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  /**
   * Decrypts every stored secret, follows every citation, and looks at revisions: that no number is missing, that those of the sample
   * brought as many versions as they say, and that those expected are what they were. Then it follows the versions of every bar: each ends
   * where the next one begins, and the last is open. Changes nothing, holds no snapshot, and needs the memory of one page.
   *
   * **Errors**: `DatabaseSetupError` without the owner's connection, whose policies show everybody's rows.
   */
  async verify(options: VerificationOptions): Promise<VerificationReport> {
    const connection = this.settings.database.migration;
    if (connection === null)
      throw new DatabaseSetupError('A store is verified with the connection of DATABASE_MIGRATION_URL.');
    const cells = await this.cells.readAll();
    return withConnection(
      connection,
      async (owner) => ({
        cells,
        citations: await followAll(owner),
        revisions: await lookAtRevisions(owner, options),
        versions: await followVersions(owner),
      }),
      { options: ownerSession(connection) },
    );
  }
}

async function followAll(owner: Client): Promise<CitationsReport> {
  const faultyCitations: CitationFault[] = [];
  let [messages, citations, faults] = [0, 0, 0];
  for (let after: string | null = null; ;) {
    const [row = []] = await runStatement(owner, followedCitations(after, PAGE_MESSAGES));
    const [last, looked, followed, faulty, named] = row;
    if (last === null) return { messages, citations, faults, faultyCitations };
    after = last as string;
    messages += Number(looked);
    citations += Number(followed);
    faults += Number(faulty);
    const found = JSON.parse(String(named)) as readonly CitationFault[];
    faultyCitations.push(...found.slice(0, MAX_NAMED_FAULTS - faultyCitations.length));
  }
}

async function lookAtRevisions(
  owner: Client,
  { sample, expected }: VerificationOptions,
): Promise<RevisionsReport> {
  const [[head, count, missing] = []] = await runStatement(owner, revisionNumbers());
  const newest = Number(head);
  const faults: RevisionFault[] = [];
  if (newest !== Number(count))
    faults.push({ revision: Number(missing ?? 1), fault: 'is missing, and others are newer' });
  const known = new Map(expected.map(({ revision, checksum }) => [revision, checksum]));
  const beyond = expected.filter(({ revision }) => revision > newest).length;
  const asked = new Set([...sampleOf(newest, sample), ...known.keys()]);
  const checksums: RevisionChecksum[] = [];
  for (const revision of [...asked].filter((id) => id <= newest).sort((a, b) => a - b)) {
    const [[says, brought, checksum] = []] = await runStatement(owner, revisionChecksum(revision));
    if (checksum === undefined) {
      faults.push({ revision, fault: 'is missing' });
      continue;
    }
    checksums.push({ revision, checksum: checksum as string });
    if (says !== brought)
      faults.push({
        revision,
        fault: `says that it changed ${String(says)} bars, and brought ${String(brought)} versions`,
      });
    if ((known.get(revision) ?? checksum) !== checksum)
      faults.push({ revision, fault: 'is not what it was' });
  }
  return { head: newest, checksums, faults, beyond };
}

/** Numbers from 1 to the newest at even distances, both ends among them: the same ones for the same store. */
export function sampleOf(newest: number, size: number): readonly number[] {
  if (newest <= size) return Array.from({ length: newest }, (_, index) => index + 1);
  if (size <= 1) return size < 1 ? [] : [newest];
  return Array.from({ length: size }, (_, index) => 1 + Math.round((index * (newest - 1)) / (size - 1)));
}
