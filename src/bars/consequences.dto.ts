import { z } from 'zod';
import { barResponse, barTimeMembers } from './bar.dto.js';
import { INTERVALS } from './bar.types.js';

/** What a dry run says of others that quote what it would change. Absent where it was none. */
export const consequencesMember = z
  .strictObject({
    restatedCitations: z.int().meta({ description: 'Citations, of whomever, that would be restated.' }),
    firstRestated: z
      .array(
        z.strictObject({
          messageId: z.uuid(),
          ordinal: z.int(),
          symbol: z.string(),
          interval: z.enum(INTERVALS),
          ...barTimeMembers,
          branch: z.string(),
          revision: z.int().meta({ description: 'The revision that brought the quoted version.' }),
          quoted: barResponse,
        }),
      )
      .meta({ description: 'The first 50 of them, as `affected-citations` will list them.' }),
  })
  .optional()
  .meta({ description: 'Of a dry run: what would follow.' });
