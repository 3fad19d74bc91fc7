import { Module } from '@nestjs/common';
import { SessionsModule } from '../../sessions/sessions.module.js';
import { VersioningModule } from '../../versioning/versioning.module.js';
import { EventLogService } from './event-log.service.js';
import { EventStreamsService } from './event-streams.service.js';
import { EventsController } from './events.controller.js';

/** The stream of events: what is committed, and whose citations it restates. */
@Module({
  imports: [SessionsModule, VersioningModule],
  controllers: [EventsController],
  providers: [EventLogService, EventStreamsService],
  exports: [EventStreamsService],
})
export class EventsModule {}
