import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { withConnection } from '../../../src/database/direct-connection.js';
import { UnitOfWork } from '../../../src/database/unit-of-work.service.js';
import { UserSettings } from '../../../src/users/user-settings.entity.js';
import { UserSettingsService } from '../../../src/users/user-settings.service.js';
import { storeUser } from '../../factories/users.js';
import { startTestApp, type TestApp } from '../../support/test-app.js';

let service: TestApp;
let settings: UserSettingsService;

beforeAll(async () => {
  service = await startTestApp();
  settings = service.app.get(UserSettingsService);
});
afterAll(() => service.close());

const DEFAULTS = { timezone: 'UTC', locale: 'en', messageRetentionDays: null };

describe('settings', () => {
  it('are the defaults until something is set, and no row is made by looking', async () => {
    const { id: userId } = await storeUser(service.db.owner);
    expect(await settings.get(userId)).toEqual({ settings: DEFAULTS, etag: '"0"' });
    const { rowCount } = await withConnection(service.db.owner, (client) =>
      client.query('select from user_settings where user_id = $1', [userId]),
    );
    expect(rowCount).toBe(0);
  });

  it('keep what a change does not name', async () => {
    const { id: userId } = await storeUser(service.db.owner);
    await settings.update({ userId, changes: { timezone: 'Europe/Berlin' }, ifMatch: undefined });
    const { settings: changed, etag } = await settings.update({
      userId,
      changes: { messageRetentionDays: 30 },
      ifMatch: '"1"',
    });
    expect(changed).toEqual({ timezone: 'Europe/Berlin', locale: 'en', messageRetentionDays: 30 });
    expect(etag).toBe('"2"');
    expect(await settings.get(userId)).toEqual({ settings: changed, etag });
  });

  it('are one row when twenty first changes come at once, and lose none of them', async () => {
    const { id: userId } = await storeUser(service.db.owner);
    const zones = ['Europe/Berlin', 'America/New_York', 'Asia/Tokyo', 'UTC'];
    await Promise.all(
      Array.from({ length: 20 }, async (_, index) =>
        settings.update({
          userId,
          changes: index % 2 === 0 ? { timezone: zones[index % 4] } : { messageRetentionDays: index },
          ifMatch: undefined,
        }),
      ),
    );
    const { settings: last } = await settings.get(userId);
    expect(zones).toContain(last.timezone);
    expect(last.messageRetentionDays).not.toBeNull();
  });

  it('are refused by an ETag that is not current, the first change included', async () => {
    const { id: userId } = await storeUser(service.db.owner);
    const change = { userId, changes: { locale: 'de' } };
    await expect(settings.update({ ...change, ifMatch: '"1"' })).rejects.toMatchObject({ kind: 'stale' });
    await settings.update({ ...change, ifMatch: '"0"' });
    await expect(settings.update({ ...change, ifMatch: '"0"' })).rejects.toMatchObject({ kind: 'stale' });
  });

  it('are seen and written by their owner’s transactions alone, whatever the statement says', async () => {
    const owner = await storeUser(service.db.owner);
    const other = await storeUser(service.db.owner);
    await settings.update({ userId: owner.id, changes: { locale: 'de' }, ifMatch: undefined });
    const unitOfWork = service.app.get(UnitOfWork);
    const seenBy = async (userId: string | null): Promise<number> =>
      unitOfWork.run({ userId }, async (em) => em.count(UserSettings, { user: owner.id }));
    expect([await seenBy(owner.id), await seenBy(other.id), await seenBy(null)]).toEqual([1, 0, 0]);
    const change = unitOfWork.run({ userId: other.id }, async (em) =>
      em.nativeUpdate(UserSettings, { user: owner.id }, { locale: 'fr' }),
    );
    expect(await change).toBe(0);
    const forge = unitOfWork.run({ userId: other.id }, async (em) =>
      em.insert(UserSettings, { user: (await storeUser(service.db.owner)).id, ...DEFAULTS }),
    );
    await expect(forge).rejects.toThrow(/row-level security/);
  });
});
