import { Injectable } from '@nestjs/common';
import { etagOf, requireMatch } from '../common/etag.js';
import { UnitOfWork } from '../database/unit-of-work.service.js';
import { UserSettings } from './user-settings.entity.js';
import { UserRepository } from './user.repository.js';
import { UserNotFound } from './users.errors.js';
import type { SettingsView, TaggedSettings } from './users.types.js';

/** What holds for somebody who set nothing; also what the columns default to. */
const DEFAULTS: SettingsView = { timezone: 'UTC', locale: 'en', messageRetentionDays: null };

/** The version of settings that nobody wrote yet. */
const UNWRITTEN = 0;

/** A change of settings. A missing member stays as it is. */
export interface SettingsChange {
  readonly userId: string;
  readonly changes: { readonly [Name in keyof SettingsView]?: SettingsView[Name] | undefined };
  readonly ifMatch: string | undefined;
}

/** What people set for themselves. Only the person's own transactions see the row. */
@Injectable()
export class UserSettingsService {
  constructor(
    private readonly users: UserRepository,
    private readonly unitOfWork: UnitOfWork,
  ) {}

  /** A person's settings; the defaults until something is set. */
  async get(userId: string): Promise<TaggedSettings> {
    return this.unitOfWork.run({ userId }, async (em) => tagged(await this.users.settings(em, userId)));
  }

  /**
   * Changes a person's settings. **Errors**: `StaleResource`; `UserNotFound` for a person who is gone.
   *
   * **Why** the person is locked: two first changes at once would both find no row and both make one.
   */
  async update({ userId, changes, ifMatch }: SettingsChange): Promise<TaggedSettings> {
    return this.unitOfWork.run({ userId }, async (em) => {
      if ((await this.users.lock(em, [userId])).size === 0) throw new UserNotFound();
      const known = await this.users.settings(em, userId);
      requireMatch(ifMatch, tagged(known).etag);
      const settings = known ?? em.create(UserSettings, { user: userId, ...DEFAULTS });
      const defined = Object.entries(changes).filter(([, value]) => value !== undefined);
      Object.assign(settings, Object.fromEntries(defined));
      await em.persist(settings).flush();
      return tagged(settings);
    });
  }
}

function tagged(stored: UserSettings | null): TaggedSettings {
  if (stored === null) return { settings: DEFAULTS, etag: etagOf(UNWRITTEN) };
  const { timezone, locale, messageRetentionDays } = stored;
  return {
    settings: { timezone, locale, messageRetentionDays: messageRetentionDays ?? null },
    etag: etagOf(stored.version),
  };
}
