import { Controller, Get, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiServiceUnavailableResponse, ApiTags } from '../common/api-docs.js';
import type { FastifyReply } from 'fastify';
import { Public, Roles } from '../common/principal.js';
import { NoRateLimit } from '../rate-limits/rate-limit.decorator.js';
import { healthResponse, probeResponse, type HealthResponse, type ProbeResponse } from './dto/health.dto.js';
import { HealthService } from './health.service.js';

const UNAVAILABLE = 503;

/** Probes, and the detail behind them. */
@ApiTags('operations')
@Controller()
export class HealthController {
  constructor(private readonly health: HealthService) {}

  @Get('livez')
  @Public()
  @NoRateLimit()
  @ApiOperation({ summary: 'The process runs; looks at nothing else' })
  @ApiOkResponse({ standardSchema: probeResponse })
  livez(): ProbeResponse {
    return { status: 'ok', checks: {} };
  }

  @Get('readyz')
  @Public()
  @NoRateLimit()
  @ApiOperation({ summary: 'Requests may be sent' })
  @ApiOkResponse({ standardSchema: probeResponse })
  @ApiServiceUnavailableResponse({ standardSchema: probeResponse })
  async readyz(@Res({ passthrough: true }) reply: FastifyReply): Promise<ProbeResponse> {
    return answer(reply, await this.health.ready());
  }

  @Get('startupz')
  @Public()
  @NoRateLimit()
  @ApiOperation({ summary: 'The start is over' })
  @ApiOkResponse({ standardSchema: probeResponse })
  @ApiServiceUnavailableResponse({ standardSchema: probeResponse })
  async startupz(@Res({ passthrough: true }) reply: FastifyReply): Promise<ProbeResponse> {
    return answer(reply, await this.health.started());
  }

  @Get('health')
  @Roles('ADMIN', 'SUPER_ADMIN')
  @ApiOperation({ summary: 'State in detail' })
  @ApiOkResponse({ standardSchema: healthResponse })
  @ApiServiceUnavailableResponse({ standardSchema: healthResponse })
  async getHealth(@Res({ passthrough: true }) reply: FastifyReply): Promise<HealthResponse> {
    return answer(reply, await this.health.detail());
  }
}

function answer<T extends { readonly status: string }>(reply: FastifyReply, state: T): T {
  if (state.status !== 'ok') reply.code(UNAVAILABLE);
  return state;
}
