import { Inject, Injectable } from '@nestjs/common';
import { v7 as uuidv7 } from 'uuid';
import type { RequestOrigin } from '../common/request-origin.js';
import { SETTINGS, type Settings } from '../config/settings.js';
import { SqlService } from '../database/sql.service.js';
import { sha256 } from '../encryption/secrets.js';
import { addVisitor, visitorSession } from './sessions.queries.js';
import { storedAddress } from './credentials/stored-address.js';
import { UseNotes } from './use-notes.service.js';

/** As long as browsers keep a cookie at most: an id that a client keeps for ever still ends. */
const LIFETIME_DAYS = 400;

/** People who have not signed in, known by an id that they made themselves and that is stored as its SHA-256 only. */
@Injectable()
export class VisitorsService {
  constructor(
    private readonly sql: SqlService,
    private readonly uses: UseNotes,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  /**
   * The session row of a visitor, made when they are seen for the first time. **Shape**: null for an id that was signed out,
   * taken over by an account, or not used for too long, and for all where visitors are switched off.
   *
   * **Errors**: as `SqlService.read`.
   */
  async sessionOf(visitorId: string, origin: RequestOrigin): Promise<string | null> {
    const { enabled, idleSeconds } = this.settings.visitors;
    if (!enabled) return null;
    const hash = sha256(visitorId);
    let row = await this.sql.readOne(visitorSession(hash));
    if (row === null) {
      const { userAgent } = origin;
      const address = storedAddress(origin.address);
      const visitor = { id: uuidv7(), hash, idleSeconds, lifetimeDays: LIFETIME_DAYS, address, userAgent };
      await this.sql.transaction((tx) => tx.run(addVisitor(visitor)));
      row = await this.sql.readOne(visitorSession(hash));
    }
    const [id, live, stale] = (row ?? [null, false, false]) as [string | null, boolean, boolean];
    if (id === null || !live) return null;
    if (stale) await this.uses.note(id, idleSeconds);
    return id;
  }
}
