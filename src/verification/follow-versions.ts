import type { Client } from 'pg';
import { runStatement } from '../database/direct-connection.js';
import { followedVersions, type BarPlace } from './verification.queries.js';
import type { VersionFault, VersionsReport } from './verification.types.js';

const PAGE_VERSIONS = 50_000;
const MAX_NAMED_FAULTS = 100;

/** Before every bar there is. */
const START: BarPlace = { seriesId: 0, branchId: 0, ts: '-infinity' };

/** Follows the versions of every bar from the first to the one that is open, `size` of them at a time. */
export async function followVersions(owner: Client, size = PAGE_VERSIONS): Promise<VersionsReport> {
  const faultyVersions: VersionFault[] = [];
  let [versions, faults, limit] = [0, 0, size];
  for (let after = START; ;) {
    const [row = []] = await runStatement(owner, followedVersions(after, limit));
    const [seriesId, branchId, ts, looked, isEnd, faulty, named] = row;
    versions += Number(looked);
    faults += Number(faulty);
    const found = JSON.parse(String(named)) as readonly VersionFault[];
    faultyVersions.push(...found.slice(0, MAX_NAMED_FAULTS - faultyVersions.length));
    if (isEnd === true) return { versions, faults, faultyVersions };
    // A bar of more versions than a page has is looked at in a larger one.
    limit = ts === null ? limit * 2 : size;
    if (ts !== null) after = { seriesId: Number(seriesId), branchId: Number(branchId), ts: ts as string };
  }
}
