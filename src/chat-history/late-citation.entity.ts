import { defineEntity, p } from '@mikro-orm/core';
import { ownOrVisitorRows } from '../database/own-rows.js';
import { RevisionSchema } from '../versioning/revisions/revision.entity.js';
import { MessageCitation } from './message-citation.entity.js';

/**
 * A citation whose version had ended already when its message was stored, or when its visitor became somebody: its owner learns of it by
 * an event of its own, because no revision to come will tell.
 */
export const LateCitationSchema = defineEntity({
  name: 'LateCitation',
  tableName: 'late_citations',
  properties: {
    citation: () =>
      p
        .manyToOne(MessageCitation)
        .primary()
        .fieldNames('message_id', 'ordinal')
        .updateRule('no action')
        .deleteRule('cascade')
        .foreignKeyName('late_citations_message_id_ordinal_fkey'),
    ownerId: p.uuid(),
    /** Grows in the order in which one owner's transactions commit, with gaps. */
    number: p.bigint().autoincrement().generated('by default as identity'),
    /** The newest revision of all when it was stored. */
    revision: () =>
      p
        .manyToOne(RevisionSchema)
        .ref()
        .fieldName('revision')
        .deleteRule('no action')
        .foreignKeyName('late_citations_revision_fkey'),
  },
  indexes: [
    { name: 'late_citations_owner_id_revision_number_idx', properties: ['ownerId', 'revision', 'number'] },
  ],
  ...ownOrVisitorRows('late_citations', { restatement: 'select' }),
});
