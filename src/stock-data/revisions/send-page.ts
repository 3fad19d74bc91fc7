import type { FastifyReply, FastifyRequest } from 'fastify';
import { JSON_TYPE, listText } from '../../common/json-text.js';
import { nextLink } from '../../common/pagination.js';
import type { TextPage } from './revisions.service.js';

/** Answers with a page of rows that are JSON text already, and with the link to the next one. */
export async function sendPage(request: FastifyRequest, reply: FastifyReply, page: TextPage): Promise<void> {
  const link = nextLink(request.url, page.nextCursor);
  if (link !== null) reply.header('link', link);
  await reply.type(JSON_TYPE).send(listText(page.data, page.nextCursor));
}
