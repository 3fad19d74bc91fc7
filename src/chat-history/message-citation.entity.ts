import { defineEntity, p } from '@mikro-orm/core';
import { ownOrVisitorRows } from '../database/own-rows.js';
import { StockSeriesSchema } from '../stocks/stock-series.entity.js';
import { BranchSchema } from '../versioning/branches/branch.entity.js';
import { RevisionSchema } from '../versioning/revisions/revision.entity.js';
import { Message } from './message.entity.js';

/** The version of a bar that one citation of a message quotes. A trigger requires that it is there, and locks nothing, where foreign keys would lock rows that all quotations share. */
export const MessageCitationSchema = defineEntity({
  name: 'MessageCitation',
  tableName: 'message_citations',
  properties: {
    message: () =>
      p
        .manyToOne(Message)
        .primary()
        .deleteRule('cascade')
        .foreignKeyName('message_citations_message_id_fkey'),
    /** Place among the citations of the message, from 0. */
    ordinal: p.smallint().primary(),
    ownerId: p.uuid(),
    series: () =>
      p.manyToOne(StockSeriesSchema).ref().fieldName('series_id').createForeignKeyConstraint(false),
    /** The branch on which the version stands, which may be an ancestor of the one that was read. */
    branch: () => p.manyToOne(BranchSchema).ref().fieldName('branch_id').createForeignKeyConstraint(false),
    /** When the bar was true. */
    ts: p.datetime().columnType('timestamptz'),
    /** When we learned it: `valid_from` of the version. */
    revision: () => p.manyToOne(RevisionSchema).ref().fieldName('revision').createForeignKeyConstraint(false),
  },
  indexes: [
    { name: 'message_citations_series_id_branch_id_ts_idx', properties: ['series', 'branch', 'ts'] },
    { name: 'message_citations_owner_id_message_id_idx', properties: ['ownerId', 'message'] },
  ],
  checks: [{ name: 'message_citations_ordinal_check', expression: 'ordinal >= 0 and ordinal < 50' }],
  ...ownOrVisitorRows('message_citations', { restatement: 'select' }),
});

/** See {@link MessageCitationSchema}. */
export class MessageCitation extends MessageCitationSchema.class {}
MessageCitationSchema.setClass(MessageCitation);
