import { EntityManager } from '@mikro-orm/postgresql';
import { Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { SETTINGS, type Settings } from '../config/settings.js';
import { BusyClients } from './busy-clients.js';
import { Shutdown } from './shutdown.service.js';

/** Cancels what the pool still runs when a stop has given it its time, so that it is rolled back and no session outlives the process. */
@Injectable()
export class RunningStatements implements OnApplicationBootstrap {
  constructor(
    private readonly em: EntityManager,
    private readonly shutdown: Shutdown,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    const { app, throughPooler } = this.settings.database;
    if (app === null) return;
    const busy = new BusyClients(await this.em.getConnection('write').getNativeClient());
    this.shutdown.deadline.addEventListener('abort', () => void busy.end(throughPooler ? null : app));
  }
}
