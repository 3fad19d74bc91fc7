import { z } from 'zod';

/** What a person needs to know of one environment variable; the table in `docs/configuration.md` is made of these. */
export interface VariableFacts {
  readonly description: string;
  /** What a value looks like, in a few words: `whole number, 1 to 65535`. */
  readonly values: string;
  /** What holds when the variable is not set, as a person reads it. */
  readonly default: string;
  /** A secret is never printed, and can also be given as a file through `<NAME>_FILE`. */
  readonly secret: boolean;
}

/** What the environment can hold: text. Each variable's schema turns it into its value. */
const raw = z.string();

/** A variable that is on or off. Only `true` and `false`, because `1`, `yes` and `on` mean other things elsewhere. */
export function flag(facts: { description: string; default: boolean }) {
  return raw
    .refine((text) => text === 'true' || text === 'false', 'must be true or false')
    .transform((text) => text === 'true')
    .prefault(String(facts.default))
    .meta(describe({ ...facts, values: '`true` or `false`', default: String(facts.default) }));
}

/** A flag whose default follows from other variables: undefined when it is not set. */
export function optionalFlag(facts: { description: string; default: string }) {
  return raw
    .refine((text) => text === 'true' || text === 'false', 'must be true or false')
    .transform((text) => text === 'true')
    .optional()
    .meta(describe({ ...facts, values: '`true` or `false`' }));
}

/** A whole number within bounds. The unit stands in the variable's name. */
export function integer(facts: { description: string; min: number; max: number; default: number }) {
  return wholeNumber(facts)
    .prefault(String(facts.default))
    .meta(describe({ ...facts, values: range(facts), default: String(facts.default) }));
}

/** A whole number whose default follows from other variables: undefined when it is not set. */
export function optionalInteger(facts: { description: string; min: number; max: number; default: string }) {
  return wholeNumber(facts)
    .optional()
    .meta(describe({ ...facts, values: range(facts) }));
}

/** One of a few words. */
export function oneOf<const Word extends string>(facts: {
  description: string;
  words: readonly Word[];
  default: NoInfer<Word>;
}) {
  return z
    .enum(facts.words, { error: `must be one of ${facts.words.join(', ')}` })
    .prefault(facts.default)
    .meta(describe({ ...facts, values: quoted(facts.words) }));
}

/** One of a few words whose default follows from other variables: undefined when it is not set. */
export function oneOfOptional<const Word extends string>(facts: {
  description: string;
  words: readonly Word[];
  default: string;
}) {
  return z
    .enum(facts.words, { error: `must be one of ${facts.words.join(', ')}` })
    .optional()
    .meta(describe({ ...facts, values: quoted(facts.words) }));
}

/** Text with a default, checked by `check`, which says what is wrong or nothing. */
export function text(facts: { description: string; values: string; default: string; check?: Check }) {
  return checked(facts.check).prefault(facts.default).meta(describe(facts));
}

/** Text that may be absent. */
export function optionalText(facts: {
  description: string;
  values: string;
  default: string;
  secret?: boolean;
  check?: Check;
}) {
  return checked(facts.check).optional().meta(describe(facts));
}

/** A comma-separated list, empty when it is not set; every entry is checked, and blanks around it do not count. */
export function list(facts: { description: string; values: string; check: Check }) {
  return raw
    .transform((value) => splitList(value))
    .superRefine((entries, context) => {
      for (const entry of entries) {
        const problem = facts.check(entry);
        if (problem !== null) context.addIssue({ code: 'custom', message: problem });
      }
    })
    .prefault('')
    .meta(describe({ ...facts, default: 'none' }));
}

/** Says what is wrong with a value, as the end of a sentence that begins with the variable's name; null when nothing is. */
export type Check = (value: string) => string | null;

/** The facts of one variable of the schema. **Errors**: `Error` for a schema that was not made by this file. */
export function factsOf(variable: z.ZodType): VariableFacts {
  const meta = variable.meta();
  if (meta === undefined || !isFacts(meta))
    throw new Error('A variable of the environment has no description.');
  return { description: meta.description, values: meta.values, default: meta.default, secret: meta.secret };
}

/** Entries between commas, blanks trimmed; an empty entry, as after a last comma, says nothing. */
function splitList(value: string): string[] {
  return value
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');
}

function isFacts(meta: object): meta is VariableFacts {
  return 'description' in meta && 'values' in meta && 'default' in meta && 'secret' in meta;
}

function describe(
  facts: Omit<VariableFacts, 'secret'> & { secret?: boolean },
): VariableFacts & Record<string, unknown> {
  const { description, values, secret = false } = facts;
  return { description, values, default: facts.default, secret };
}

function checked(check: Check | undefined) {
  return raw.superRefine((value, context) => {
    const problem = check?.(value) ?? null;
    if (problem !== null) context.addIssue({ code: 'custom', message: problem });
  });
}

function wholeNumber({ min, max }: { min: number; max: number }) {
  return raw
    .refine(
      (text) => /^\d{1,15}$/.test(text) && Number(text) >= min && Number(text) <= max,
      `must be a whole number from ${min} to ${max}`,
    )
    .transform(Number);
}

function range({ min, max }: { min: number; max: number }): string {
  return `whole number, ${min} to ${max}`;
}

function quoted(words: readonly string[]): string {
  return words.map((word) => `\`${word}\``).join(', ');
}
