import fc, { type Arbitrary } from 'fast-check';

/** A part of a JSON schema, as far as the document uses it. */
export interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly format?: string;
  readonly pattern?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly maxItems?: number;
  readonly minimum?: number;
  readonly maximum?: number;
}

/** What values are drawn from beside the schema. **Shape**: `known` has texts that name something, by the parameter that would. */
export interface Source {
  readonly resolve: (ref: string) => Schema;
  readonly known: (name: string) => readonly string[];
}

/** Texts on which services of all kinds have stumbled. */
export const HOSTILE_TEXTS: readonly string[] = [
  ...[
    '',
    ' ',
    '\u0000',
    'a\u0000b',
    '\n',
    '\r\nX-Evil: 1',
    '\t',
    '\u007f',
    '\ufeff',
    '\u202e',
    '\u2028',
    '😀',
    'é',
    'e\u0301',
    'İ',
    'ß',
  ],
  ...['0', '-0', '-1', '00', '+1', '1.5', '1e3', '1e400', '-1e400', '0x10', '1_000', '1,000', '٣'],
  ...['9007199254740993', '2147483648', '9223372036854775808', '-9223372036854775809', '9'.repeat(400)],
  ...[
    'NaN',
    'Infinity',
    '-infinity',
    'infinity',
    'null',
    'undefined',
    'true',
    'nil',
    '[]',
    '{}',
    '[object Object]',
  ],
  ...['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'prototype'],
  ...[
    "'",
    '"',
    '`',
    '\\',
    '%',
    '%00',
    '%',
    '_',
    '%25',
    "' or true --",
    '"; drop table x; --',
    '$1',
    '${7*7}',
    '{{7*7}}',
    ':x',
    '?',
  ],
  ...['..', '../..', '/', '//', '.', '~', '#', '&', '=', ';', '<script>', '\u001b[31m'],
  ...[
    '2024-02-30',
    '0000-00-00',
    '0000-01-01',
    '9999-12-31',
    '10000-01-01',
    '-0001-01-01',
    '2024-1-1',
    'epoch',
    'now',
    'today',
    'allballs',
  ],
  ...[
    '2024-01-01T24:00:00Z',
    '2024-01-01T00:00:60Z',
    '2016-12-31T23:59:60Z',
    '2024-01-01T00:00:00+99:99',
    '294277-01-01T00:00:00Z',
  ],
  ...[
    '00000000-0000-0000-0000-000000000000',
    'ffffffff-ffff-ffff-ffff-ffffffffffff',
    '{01900000-0000-7000-8000-000000000000}',
  ],
  ...[
    'A'.repeat(11),
    'a'.repeat(300),
    'x'.repeat(5_000),
    'a@b',
    'a@b.c',
    `${'a'.repeat(250)}@b.cd`,
    'Etc/GMT+99',
    'en-',
    'xx-XX-xx',
  ],
];

/** The same for JSON: as the text that is sent, because some could not be said any other way. */
const HOSTILE_JSON: readonly string[] = [
  ...[
    'null',
    'true',
    'false',
    '0',
    '-0',
    '-1',
    '1.5',
    '1e400',
    '-1e400',
    '1e-400',
    '1E5',
    '9007199254740993',
  ],
  ...[
    '9223372036854775808',
    '-9223372036854775809',
    '2147483648',
    '0.1000000000000000055511151231257827',
    `1${'0'.repeat(400)}`,
  ],
  ...[
    '[]',
    '{}',
    '[[]]',
    '[null]',
    '{"a":1}',
    '{"__proto__":{"a":1}}',
    '{"constructor":{"prototype":{"a":1}}}',
  ],
  ...[
    '"\\ud800"',
    '"\\udc00x"',
    '"\\u0000"',
    '"a\\u0000b"',
    `[${'0,'.repeat(9_999)}0]`,
    `${'['.repeat(500)}${']'.repeat(500)}`,
  ],
];

/** Texts for a parameter or member: mostly what the schema allows, sometimes what exists, sometimes what is hostile. */
export function textOf(schema: Schema, name: string, source: Source): Arbitrary<string> {
  const known = source.known(name);
  return fc.oneof(
    { weight: 4, arbitrary: jsonOf(schema, name, source).map(plainText) },
    { weight: known.length === 0 ? 0 : 5, arbitrary: fc.constantFrom(...known, '') },
    { weight: 3, arbitrary: fc.constantFrom(...HOSTILE_TEXTS) },
    { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 40 }) },
  );
}

/** What a JSON text says, as a parameter would say it. */
function plainText(json: string): string {
  return json.startsWith('"') ? String(JSON.parse(json)) : json;
}

/** JSON that the schema allows. **Shape**: as text. */
export function jsonOf(schema: Schema, name: string, source: Source): Arbitrary<string> {
  const { anyOf, oneOf, type } = schema;
  if (schema.$ref !== undefined) return jsonOf(source.resolve(schema.$ref), name, source);
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum.map((value) => JSON.stringify(value)));
  if (schema.const !== undefined) return fc.constant(JSON.stringify(schema.const));
  const choices =
    anyOf ?? oneOf ?? (Array.isArray(type) ? type.map((one: string) => ({ ...schema, type: one })) : null);
  if (choices !== null) return fc.oneof(...choices.map((choice: Schema) => jsonOf(choice, name, source)));
  switch (type) {
    case 'object':
      return objectOf(schema, (member, memberName) => jsonOf(member, memberName, source));
    case 'array':
      return fc
        .array(jsonOf(schema.items ?? {}, name, source), { maxLength: Math.min(schema.maxItems ?? 4, 4) })
        .map((items) => `[${items.join(',')}]`);
    case 'integer':
      return fc
        .integer({ min: schema.minimum ?? -1_000, max: Math.min(schema.maximum ?? 1_000_000, 2 ** 31 - 1) })
        .map(String);
    case 'number':
      return fc
        .oneof(fc.integer({ min: 0, max: 1_000 }), fc.double({ min: 0, max: 1e6, noNaN: true }))
        .map(String);
    case 'boolean':
      return fc.constantFrom('true', 'false');
    case 'null':
      return fc.constant('null');
    default:
      return fc.oneof(knownOr(source.known(name)), stringOf(schema)).map((text) => JSON.stringify(text));
  }
}

const knownOr = (known: readonly string[]): Arbitrary<string> =>
  known.length === 0 ? fc.constant('T1') : fc.constantFrom(...known);

function stringOf({ format, pattern, minLength = 0, maxLength = 40 }: Schema): Arbitrary<string> {
  const instant = fc.date({ min: new Date('1990-01-01'), max: new Date('2030-01-01'), noInvalidDate: true });
  if (format === 'uuid') return fc.uuid();
  if (format === 'email') return fc.emailAddress();
  if (format === 'date') return instant.map((date) => date.toISOString().slice(0, 10));
  if (format === 'date-time') return instant.map((date) => date.toISOString());
  if (pattern !== undefined) return fc.stringMatching(new RegExp(pattern));
  return fc.string({
    minLength,
    maxLength: Math.min(maxLength, Math.max(minLength + 10, 40)),
    unit: 'grapheme',
  });
}

/** An object with what is required, and some of the rest. */
function objectOf(
  { properties = {}, required = [] }: Schema,
  member: (schema: Schema, name: string) => Arbitrary<string>,
): Arbitrary<string> {
  const members = Object.entries(properties).map(([name, schema]) => {
    const entry = member(schema, name).map((json) => [`${JSON.stringify(name)}:${json}`]);
    return required.includes(name) ? entry : fc.oneof(entry, fc.constant([]));
  });
  return fc.tuple(...members).map((entries) => `{${entries.flat().join(',')}}`);
}

/** Bodies: what the schema allows; one member of it hostile, or missing, or twice; one member too many; and what is no such thing. */
export function bodyOf(schema: Schema, source: Source): Arbitrary<string> {
  const whole = schema.$ref === undefined ? schema : source.resolve(schema.$ref);
  const [first] = whole.oneOf ?? whole.anyOf ?? [];
  const shape = first ?? whole.items ?? whole;
  const { properties = {}, required } = shape.$ref === undefined ? shape : source.resolve(shape.$ref);
  const hostile = fc.oneof(
    fc.constantFrom(...HOSTILE_JSON),
    fc.constantFrom(...HOSTILE_TEXTS).map((text) => JSON.stringify(text)),
  );
  const names = Object.keys(properties);
  const oneHostile = fc
    .constantFrom(...names, 'unknown')
    .chain((bad) =>
      objectOf({ properties, required: [...(required ?? []), bad] }, (member, name) =>
        name === bad ? hostile : jsonOf(member, name, source),
      ),
    );
  const twice = fc
    .tuple(jsonOf({ type: 'object', properties, required: names }, '', source), hostile)
    .map(([object, value]) => `${object.slice(0, -1)},${JSON.stringify(names[0] ?? 'a')}:${value}}`);
  const odd = fc
    .tuple(
      jsonOf(whole, '', source),
      fc.constantFrom('id', 'userId', '__proto__', 'constructor', ''),
      hostile,
    )
    .map(([json, name, value]) =>
      json.replace(/\}\]?$/, (end) => `${json.length > 3 ? ',' : ''}"${name}":${value}${end}`),
    );
  const inList = (object: string): string => (whole.type === 'array' ? `[${object}]` : object);
  return fc.oneof(
    { weight: 5, arbitrary: jsonOf(whole, '', source) },
    { weight: 4, arbitrary: oneHostile.map(inList) },
    { weight: 1, arbitrary: twice.map(inList) },
    { weight: 1, arbitrary: odd },
    { weight: 1, arbitrary: hostile },
    {
      weight: 1,
      arbitrary: fc.constantFrom('', '{', '{}', '[', '{"a"', 'nul', "{'a':1}", '{}{}', '\ufeff{}', '// {}'),
    },
  );
}
