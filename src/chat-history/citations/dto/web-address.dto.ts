import { z } from 'zod';

const MAX_URL_LENGTH = 2_048;

/** An address that a reader may follow. Others, such as `javascript:`, would run in the page that shows the citation. */
export const webAddress = z
  .string()
  .max(MAX_URL_LENGTH)
  .refine(
    // Looked at as text too: parsers drop blanks and line breaks inside an address.
    (text) => /^https?:\/\/[^\s\p{Cc}]+$/iu.test(text) && URL.canParse(text),
    'must be an address that begins with http:// or https://',
  )
  // What a reader sees must be where the link leads, and no password is kept with a message.
  .refine((text) => !/^https?:\/\/[^/?#]*@/i.test(text), 'must not have a user name or password')
  .refine((text) => !/\p{Bidi_Control}/u.test(text), 'must not have signs that change the direction of text')
  .meta({ format: 'uri', example: 'https://example.com/report' });
