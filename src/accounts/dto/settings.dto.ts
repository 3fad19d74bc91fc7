import { z } from 'zod';

const MAX_TIMEZONE_LENGTH = 64;
const MAX_LOCALE_LENGTH = 35;
const MAX_RETENTION_DAYS = 36_500;

const timezoneInput = z
  .string()
  .max(MAX_TIMEZONE_LENGTH)
  .transform((name, context) => {
    const known = ianaName(name);
    if (known !== null) return known;
    context.addIssue({ code: 'custom', message: 'must be an IANA time zone such as Europe/Berlin' });
    return z.NEVER;
  })
  .meta({ example: 'Europe/Berlin' });

const localeInput = z
  .string()
  .max(MAX_LOCALE_LENGTH)
  .transform((tag, context) => {
    const canonical = canonicalLocale(tag);
    if (canonical !== null) return canonical;
    context.addIssue({ code: 'custom', message: 'must be a BCP 47 language tag such as de-AT' });
    return z.NEVER;
  })
  .meta({ example: 'de-AT' });

/** Body of `PATCH /v1/users/me/settings`: at least one member. */
export const updateSettingsRequest = z
  .strictObject({
    timezone: timezoneInput.optional(),
    locale: localeInput.optional(),
    messageRetentionDays: z
      .int()
      .min(1)
      .max(MAX_RETENTION_DAYS)
      .nullable()
      .optional()
      .meta({ description: 'Null follows the service’s default.' }),
  })
  .refine((body) => Object.keys(body).length > 0, 'must change something')
  .meta({ id: 'UpdateSettings' });
export type UpdateSettingsRequest = z.infer<typeof updateSettingsRequest>;

/** What a person set for themselves. */
export const settingsResponse = z
  .strictObject({
    timezone: z.string(),
    locale: z.string(),
    messageRetentionDays: z.int().nullable(),
  })
  .meta({ id: 'Settings' });

/**
 * The name of a zone, in the case that it is usually written in; null when there is none. **Why** not the name that `Intl` resolves
 * to: that may be an older one of the same zone, such as Asia/Calcutta. Offsets, which it takes too, are no zones.
 */
function ianaName(name: string): string | null {
  if (!/^[A-Za-z]/.test(name)) return null;
  try {
    const { timeZone } = new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions();
    return timeZone.toLowerCase() === name.toLowerCase() ? timeZone : name;
  } catch {
    return null;
  }
}

function canonicalLocale(tag: string): string | null {
  try {
    const canonical = Intl.getCanonicalLocales(tag)[0] ?? null;
    return canonical !== null && canonical.length <= MAX_LOCALE_LENGTH ? canonical : null;
  } catch {
    return null;
  }
}
