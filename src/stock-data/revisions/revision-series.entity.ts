import { defineEntity, p } from '@mikro-orm/core';
import { StockSeriesSchema } from '../../stocks/stock-series.entity.js';
import { RevisionSchema } from '../../versioning/revisions/revision.entity.js';

/** Which series a revision changed, and between which bars: the way from a symbol to its revisions and back. */
export const RevisionSeriesSchema = defineEntity({
  name: 'RevisionSeries',
  tableName: 'revision_series',
  properties: {
    revision: () =>
      p
        .manyToOne(RevisionSchema)
        .ref()
        .primary()
        .fieldName('revision_id')
        .foreignKeyName('revision_series_revision_id_fkey')
        .updateRule('no action')
        .deleteRule('no action'),
    series: () =>
      p
        .manyToOne(StockSeriesSchema)
        .ref()
        .primary()
        .fieldName('series_id')
        .foreignKeyName('revision_series_series_id_fkey')
        .updateRule('no action')
        .deleteRule('no action'),
    firstTs: p.datetime().columnType('timestamptz'),
    lastTs: p.datetime().columnType('timestamptz'),
  },
  indexes: [{ name: 'revision_series_series_id_index', properties: ['series', 'revision'] }],
  checks: [{ name: 'revision_series_span_check', expression: 'first_ts <= last_ts' }],
});
