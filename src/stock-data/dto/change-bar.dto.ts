import { z } from 'zod';
import { lineOfText } from '../../common/text.js';
import { dryRunQuery } from './dry-run.dto.js';
import { branchQuery, intervalQuery } from './scope.dto.js';

/**
 * A number as the client wrote it. Bodies of these routes are read with every number as its own text, so that a price never
 * passes through a binary float; decimal strings are as good.
 */
const exactNumber = z
  .string()
  .max(64)
  .meta({
    type: ['number', 'string'],
    description: 'A JSON number or a decimal string.',
    maxLength: undefined,
  })
  .nullable()
  .optional();

const message = lineOfText(1000).nullable().optional();

/** Body of `PUT /v1/stocks/{symbol}/data/{date|ts}`: the whole bar; what is left out becomes null. */
export const correctBarRequest = z
  .strictObject({
    date: z.string().optional(),
    ts: z.string().optional(),
    open: exactNumber,
    high: exactNumber,
    low: exactNumber,
    close: exactNumber.unwrap().unwrap(),
    adjClose: exactNumber,
    volume: exactNumber,
    message,
  })
  .meta({ id: 'CorrectBar' });
export type CorrectBarRequest = z.infer<typeof correctBarRequest>;

/** Query of `PUT`, and of `DELETE`, where the message stands too because a delete has no body. */
export const changeBarQuery = z.strictObject({
  interval: intervalQuery.optional(),
  branch: branchQuery,
  message,
  dryRun: dryRunQuery,
});
export type ChangeBarQuery = z.infer<typeof changeBarQuery>;
