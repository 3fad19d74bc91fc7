import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { ApiAnswer } from '../support/api-client.js';
import { operationsOf, type DocumentedOperation } from '../support/personas-calls.js';
import { EXPECTATIONS } from '../support/personas-expectations.js';
import { makeWorld, type World } from '../support/personas-world.js';
import { storedRows } from '../support/stored-rows.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

/** Members that nobody may set by a body, as JSON. **Why** text: of an object, `__proto__` would be no member. */
const UNASKED: Readonly<Record<string, string>> = {
  id: '"01900000-0000-7000-8000-0000000000ee"',
  userId: '"01900000-0000-7000-8000-0000000000ee"',
  user_id: '"01900000-0000-7000-8000-0000000000ee"',
  version: '7',
  role: '"SUPER_ADMIN"',
  isActive: 'false',
  createdAt: '"2001-01-01T00:00:00Z"',
  passwordHash: '"x"',
  __proto__: '{"role":"SUPER_ADMIN"}',
  constructor: '{"prototype":{"role":"SUPER_ADMIN"}}',
};

interface Schema {
  readonly $ref?: string;
  readonly properties?: object;
  readonly items?: Schema;
  readonly oneOf?: readonly Schema[];
}

let app: TestApp;
let world: World;
beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app.close());

/** Operations with a JSON body, from the table; the document must have no other. */
const WITH_BODY = Object.entries(EXPECTATIONS).filter(([, { json }]) => json !== undefined);

function schemaOf(operation: DocumentedOperation): Schema | undefined {
  const { paths } = app.stranger.document;
  const found = paths[operation.template]?.[operation.method.toLowerCase()] as unknown as {
    requestBody?: { content: Readonly<Record<string, { schema: Schema }>> };
  };
  return found.requestBody?.content['application/json']?.schema;
}

/** The members that the document allows. */
function membersOf(schema: Schema): readonly string[] {
  if (schema.$ref !== undefined) {
    const name = schema.$ref.split('/').at(-1) ?? '';
    const { components } = app.stranger.document as unknown as {
      components: { schemas: Record<string, Schema> };
    };
    return membersOf(components.schemas[name] ?? {});
  }
  if (schema.items !== undefined) return membersOf(schema.items);
  return [...Object.keys(schema.properties ?? {}), ...(schema.oneOf ?? []).flatMap(membersOf)];
}

function operation(id: string): DocumentedOperation {
  const found = operationsOf(app.stranger).find((one) => one.id === id);
  if (found === undefined) throw new Error(`The document has no operation ${id}.`);
  return found;
}

/** A sound body with one member more, in its first object. */
async function sendWith(id: string, member: string | null): Promise<ApiAnswer> {
  const { method, template } = operation(id);
  const expectation = EXPECTATIONS[id];
  const sound = JSON.stringify(expectation?.json?.(world));
  const body =
    member === null ? sound : sound.replace('{', sound.includes('{}') ? `{${member}` : `{${member},`);
  const path = Object.entries(expectation?.path ?? {}).reduce(
    (text, [name, thing]) => text.replace(`{${name}}`, world.things[thing]),
    template,
  );
  const isOwn = expectation?.who === 'people' || expectation?.who === 'session';
  const api = isOwn ? world.owner.api : world.strangers.administrator;
  return api.send(method, path, { body, type: 'application/json', query: expectation?.query ?? {} });
}

describe('operations with a JSON body', () => {
  it('are all in the table of expectations with a sound one', () => {
    const documented = operationsOf(app.stranger).filter((one) => schemaOf(one) !== undefined);
    expect(WITH_BODY.map(([id]) => id).toSorted()).toEqual(documented.map(({ id }) => id).toSorted());
  });
});

/** What the service notes of itself meanwhile. */
async function stored(): Promise<object> {
  const {
    encryption_keys: _keys,
    encryption_processes: _processes,
    ...rows
  } = await storedRows(app.db.superuser);
  return rows;
}

/** An import reports a wrong row as it does all others. */
const REFUSED = [400, 422];

describe.each(WITH_BODY)('%s', (id) => {
  beforeAll(async () => {
    world = await makeWorld(app);
  });

  it('refuses members that nobody asked for, and stores nothing', async () => {
    const allowed = membersOf(schemaOf(operation(id)) ?? {});
    expect(allowed.length).toBeGreaterThan(0);
    const before = await stored();
    for (const [name, value] of Object.entries(UNASKED).filter(([name]) => !allowed.includes(name))) {
      const { status, text } = await sendWith(id, `"${name}":${value}`);
      expect([name, REFUSED.includes(status) || text]).toEqual([name, true]);
    }
    expect(await stored()).toEqual(before);
    expect(Object.prototype).not.toHaveProperty('role');
  });

  // The control: without it the body would be one that is accepted, so each refusal was for the member alone.
  it('takes the same body without them', async () => {
    const { status, text } = await sendWith(id, null);
    expect([status < 300, text]).toEqual([true, text]);
  });
});
