import { DomainError } from '../../common/errors.js';

/** An export is made in memory, and checked in memory by whoever gets it. */
export class ExportTooLarge extends DomainError {
  constructor(maxMiB: number) {
    super(
      'refused',
      'export-too-large',
      `The conversation has more than ${maxMiB} MiB: read it page by page.`,
    );
  }
}
