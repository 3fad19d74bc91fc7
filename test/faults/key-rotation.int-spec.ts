import { describe, expect, it } from '@jest/globals';
import { rotationDrill } from './key-rotation-drill.js';

const PLAN = { rows: 3_000, writers: 4, readers: 4 };

describe('a rotation beside two replicas that write and read', () => {
  it('loses nothing and is never in the way, however often it is killed', async () => {
    const report = await rotationDrill({ ...PLAN, kills: 2, onePhase: false });
    expect(report).toMatchObject({ cells: 6_000, cellsOnNewKey: 6_000, kills: 2 });
    expect(report).toMatchObject({ decryptionErrors: 0, staleReads: 0, lostUpdates: 0, failures: [] });
    expect(report.reads).toBeGreaterThan(20);
    expect(report.writes).toBeGreaterThan(20);
  }, 180_000);

  it('control: in one phase, readers without the new key fail', async () => {
    const report = await rotationDrill({ ...PLAN, kills: 0, onePhase: true });
    expect(report.decryptionErrors).toBeGreaterThan(0);
  }, 120_000);
});
