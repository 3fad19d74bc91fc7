import { Controller, Get, Headers, Req, Res } from '@nestjs/common';
import { ApiHeader, ApiOkResponse, ApiOperation, ApiTags } from '../../common/api-docs.js';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { AnySession, CurrentUser, type Principal } from '../../common/principal.js';
import { ApiProblems } from '../../common/problem.dto.js';
import { EventStreamsService } from './event-streams.service.js';

const EVENT_STREAM = 'text/event-stream';

/** Events over HTTP. */
@ApiTags('events')
@AnySession()
@Controller('v1/events')
export class EventsController {
  constructor(private readonly streams: EventStreamsService) {}

  @Get()
  @ApiOperation({
    summary: 'Follow what is committed, and which of your citations it restates',
    description: [
      'Server-sent events, each at least once: `revision.committed` (data: Revision) and, behind it, `citation.restated` (data:',
      'RestatedCitation with its `revision`) for each of your own. Connect with the `Last-Event-ID` that you saw to go on behind it.',
      'Lines that begin with a colon only keep the connection open. The stream ends with your session.',
    ].join(' '),
  })
  @ApiHeader({
    name: 'Last-Event-ID',
    required: false,
    description:
      'The id of the last event that was received; `0` begins with the first revision of all. Now by default.',
    schema: { type: 'string', examples: ['42'] },
  })
  @ApiOkResponse({ description: 'Events', content: { [EVENT_STREAM]: { schema: { type: 'string' } } } })
  @ApiProblems(401)
  async followEvents(
    @CurrentUser() principal: Principal,
    @Headers('last-event-id') lastEventId: string | undefined,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    // Proxies that gather answers before they pass them on would keep events back.
    reply.type(`${EVENT_STREAM}; charset=utf-8`).header('x-accel-buffering', 'no');
    // Fastify answers HEAD by reading the stream to its end, which this one does not have.
    if (request.method === 'HEAD') return reply.send('');
    const stream = await this.streams.open(principal, lastEventId === '' ? undefined : lastEventId);
    reply.raw.once('close', () => stream.drop());
    if (reply.raw.destroyed) stream.drop();
    else await reply.send(stream.readable);
  }
}
