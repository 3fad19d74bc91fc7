import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { v7 as uuidv7 } from 'uuid';
import { withConnection } from '../../src/database/direct-connection.js';
import type { UserRole } from '../../src/users/users.types.js';
import { isSignedIn, PASSWORD, signIn, storeUser, type SignedInUser } from '../factories/users.js';
import type { ApiAnswer, ApiClient } from '../support/api-client.js';
import { expectRefused } from '../support/refusals.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

let service: TestApp;
let api: ApiClient;
let root: SignedInUser;
let admin: SignedInUser;

beforeAll(async () => {
  service = await startTestApp();
  api = service.stranger;
  const { userId: id, token, ...persona } = service.admin;
  root = { ...persona, id, token, headers: { authorization: `Bearer ${token}` } };
  admin = await newPerson('ADMIN');
});
afterAll(() => service.close());

async function newPerson(role: UserRole = 'USER'): Promise<SignedInUser> {
  return signIn(api, await storeUser(service.db.owner, { role }));
}

const read = async (by: SignedInUser, id: string): Promise<ApiAnswer> =>
  api.get(`/v1/users/${id}`, { headers: by.headers });
const change = async (by: SignedInUser, id: string, json: unknown, ifMatch?: string): Promise<ApiAnswer> =>
  api.patch(`/v1/users/${id}`, {
    json,
    headers: ifMatch === undefined ? by.headers : { ...by.headers, 'if-match': ifMatch },
  });
const remove = async (by: SignedInUser, id: string, erase = false): Promise<ApiAnswer> =>
  api.delete(`/v1/users/${id}`, { headers: by.headers, query: erase ? { erase: 'true' } : {} });

async function notRecent(user: SignedInUser): Promise<void> {
  await withConnection(service.db.owner, (client) =>
    client.query(`update sessions set authenticated_at = now() - interval '6 minutes' where id = $1`, [
      user.sessionId,
    ]),
  );
}

async function events(targetId: string): Promise<readonly unknown[]> {
  return withConnection(service.db.owner, async (client) => {
    const { rows } = await client.query<{ action: string; details: unknown; user_id: string }>(
      'select action, user_id, details from audit_events where target_id = $1 order by id',
      [targetId],
    );
    return rows.map(({ action, user_id, details }) => [action, user_id, details]);
  });
}

describe('one person', () => {
  it('is read by administrators, with an ETag that answers 304', async () => {
    const person = await newPerson();
    const answer = await read(admin, person.id);
    expect(answer.json).toMatchObject({ id: person.id, email: person.email, role: 'USER', isActive: true });
    expect(answer.headers.get('cache-control')).toBe('no-store');
    const etag = answer.headers.get('etag') ?? '';
    const again = await api.get(`/v1/users/${person.id}`, {
      headers: { ...admin.headers, 'if-none-match': etag },
    });
    expect([again.status, again.text]).toEqual([304, '']);
  });

  it('is refused to everybody else in one way, there or not, their own id included', async () => {
    const [one, other] = [await newPerson(), await newPerson()];
    for (const id of [other.id, uuidv7(), one.id]) {
      expectRefused(await read(one, id), 403, 'forbidden');
      expectRefused(await change(one, id, { username: 'changed' }), 403, 'forbidden');
      expectRefused(await remove(one, id), 403, 'forbidden');
      expectRefused(await remove(one, id, true), 403, 'forbidden');
    }
    expect((await api.get(`/v1/users/${other.id}`)).status).toBe(401);
  });

  it('is not found when nobody has the id', async () => {
    const nobody = uuidv7();
    for (const answer of [
      await read(root, nobody),
      await change(root, nobody, { username: 'changed' }),
      await remove(root, nobody),
      await remove(root, nobody, true),
      await api.delete(`/v1/users/${nobody}/sessions`, { headers: root.headers }),
    ])
      expectRefused(answer, 404, 'user-not-found');
  });

  it.each(['1', 'me2', '0190a1b2', "' or 1=1 --", '0190a1b2-0000-7000-8000-00000000000g'])(
    'has an id and not %j',
    async (id) => {
      expectRefused(await read(root, encodeURIComponent(id)), 400, 'validation-failed');
    },
  );

  it('is changed as far as is said, by ETag if one is given', async () => {
    const person = await newPerson();
    const changed = await change(admin, person.id, { email: 'New.Address@example.com' }, '"1"');
    expect(changed.json).toMatchObject({ email: 'New.Address@example.com', username: person.username });
    expect(changed.headers.get('etag')).toBe('"2"');
    expectRefused(await change(admin, person.id, { username: 'late' }, '"1"'), 412, 'stale-resource');
    const same = await change(admin, person.id, { email: 'New.Address@example.com' });
    expect(same.headers.get('etag')).toBe('"2"');
    expect(await events(person.id)).toEqual([['user.changed', admin.id, { changed: ['email'] }]]);
  });

  it('cannot take what somebody else has, in any case, and may change the case of their own', async () => {
    const [one, other] = [await newPerson(), await newPerson()];
    expectRefused(await change(admin, one.id, { email: other.email.toUpperCase() }), 409, 'email-taken');
    expectRefused(
      await change(admin, one.id, { username: other.username.toUpperCase() }),
      409,
      'username-taken',
    );
    const own = await change(admin, one.id, { username: one.username.toUpperCase() });
    expect(own.json).toMatchObject({ username: one.username.toUpperCase() });
  });

  it.each([
    {},
    { nickname: 'x' },
    { id: uuidv7() },
    { password: PASSWORD },
    { passwordHash: 'x' },
    { role: 'ROOT' },
    { role: null },
    { isActive: 'false' },
    { email: 'nobody' },
    { username: 'a b' },
    { createdAt: '2026-01-01T00:00:00Z' },
  ])('is not changed by %j', async (body) => {
    const person = await newPerson();
    expectRefused(await change(root, person.id, body), 400, 'validation-failed');
    expect((await read(root, person.id)).headers.get('etag')).toBe('"1"');
  });
});

describe('roles', () => {
  it('are given up to one’s own, to people below', async () => {
    const person = await newPerson();
    expectRefused(await change(admin, person.id, { role: 'SUPER_ADMIN' }), 403, 'role-too-low');
    expect((await change(admin, person.id, { role: 'ADMIN' })).json).toMatchObject({ role: 'ADMIN' });
    // Beside now, and out of reach.
    expectRefused(await change(admin, person.id, { role: 'USER' }), 403, 'role-too-low');
    expect((await change(root, person.id, { role: 'SUPER_ADMIN' })).json).toMatchObject({
      role: 'SUPER_ADMIN',
    });
    expect((await change(root, person.id, { role: 'USER' })).json).toMatchObject({ role: 'USER' });
    expect(await events(person.id)).toEqual([
      ['access.refused', admin.id, { code: 'role-too-low' }],
      ['user.role-changed', admin.id, { from: 'USER', to: 'ADMIN' }],
      ['access.refused', admin.id, { code: 'role-too-low' }],
      ['user.role-changed', root.id, { from: 'ADMIN', to: 'SUPER_ADMIN' }],
      ['user.role-changed', root.id, { from: 'SUPER_ADMIN', to: 'USER' }],
    ]);
  });

  it('protect administrators from those beside and below', async () => {
    const peer = await newPerson('ADMIN');
    for (const above of [peer, root]) {
      expectRefused(await change(admin, above.id, { username: 'changed' }), 403, 'role-too-low');
      expectRefused(await change(admin, above.id, { isActive: false }), 403, 'role-too-low');
      expectRefused(await remove(admin, above.id), 403, 'role-too-low');
      expectRefused(await remove(admin, above.id, true), 403, 'role-too-low');
      const ended = await api.delete(`/v1/users/${above.id}/sessions`, { headers: admin.headers });
      expectRefused(ended, 403, 'role-too-low');
      expect(await isSignedIn(api, above)).toBe(true);
    }
  });

  it('cannot be raised by oneself, and can be laid down', async () => {
    const person = await newPerson('ADMIN');
    for (const id of [person.id, 'me'])
      expectRefused(await change(person, id, { role: 'SUPER_ADMIN' }), 403, 'role-too-low');
    expect((await change(person, 'me', { role: 'USER' })).json).toMatchObject({ role: 'USER' });
    expectRefused(await read(person, person.id), 403, 'forbidden');
  });

  it('hold with the next request after they were changed', async () => {
    const person = await newPerson();
    await change(root, person.id, { role: 'ADMIN' });
    expect((await read(person, root.id)).status).toBe(200);
    await change(root, person.id, { role: 'USER' });
    expectRefused(await read(person, root.id), 403, 'forbidden');
  });
});

describe('somebody who is deactivated', () => {
  it.each([
    ['by DELETE', async (person: SignedInUser) => remove(admin, person.id)],
    ['by PATCH', async (person: SignedInUser) => change(admin, person.id, { isActive: false })],
  ])('%s is signed out everywhere and cannot sign in, until they are active again', async (_, deactivate) => {
    const person = await newPerson();
    const elsewhere = await signIn(api, person);
    expect((await deactivate(person)).status).toBeLessThan(300);
    expect([await isSignedIn(api, person), await isSignedIn(api, elsewhere)]).toEqual([false, false]);
    await expect(signIn(api, person)).rejects.toThrow('sign-in-failed');
    expect((await read(admin, person.id)).json).toMatchObject({ isActive: false });
    await change(admin, person.id, { isActive: true });
    expect([await isSignedIn(api, person), await isSignedIn(api, elsewhere)]).toEqual([false, false]);
    expect(await isSignedIn(api, await signIn(api, person))).toBe(true);
    expect(await events(person.id)).toEqual([
      ['user.deactivated', admin.id, {}],
      // The sign-in in between, which failed.
      ['session.signed-in', null, null],
      ['user.reactivated', admin.id, {}],
    ]);
  });

  it('is so once, however often it is asked', async () => {
    const person = await newPerson();
    expect((await remove(admin, person.id)).status).toBe(204);
    expect((await remove(admin, person.id)).status).toBe(204);
    expect(await events(person.id)).toHaveLength(1);
  });
});

describe('somebody who is erased', () => {
  it('leaves no row but those that name a bare id', async () => {
    const person = await newPerson();
    await api.patch('/v1/users/me/settings', { json: { timezone: 'Asia/Tokyo' }, headers: person.headers });
    expect((await remove(admin, person.id, true)).status).toBe(204);
    const rows = await withConnection(service.db.owner, async (client) => {
      const { rows: found } = await client.query<{ text: string }>(
        `select t::text as text from users t union all select t::text from user_settings t
         union all select t::text from sessions t union all select t::text from external_credentials t`,
      );
      return found.map(({ text }) => text);
    });
    expect(rows.filter((text) => text.includes(person.id) || text.includes(person.username))).toEqual([]);
    expect(await isSignedIn(api, person)).toBe(false);
    expectRefused(await read(admin, person.id), 404, 'user-not-found');
    expect(await events(person.id)).toEqual([['user.erased', admin.id, null]]);
    const log = await withConnection(service.db.owner, async (client) => {
      const { rows: found } = await client.query<{ text: string }>(
        'select t::text as text from audit_events t',
      );
      return found.map(({ text }) => text).join('\n');
    });
    expect(log).toContain(person.id);
    expect(log).not.toContain(person.username);
  });

  it('frees email and username', async () => {
    const person = await newPerson();
    await remove(admin, person.id, true);
    const { username, email } = person;
    const again = await api.post('/v1/users', { json: { username, email, password: PASSWORD } });
    expect(again.status).toBe(201);
  });

  it('was erased by somebody whose password was given a moment ago', async () => {
    const person = await newPerson();
    const later = await newPerson('ADMIN');
    await notRecent(later);
    expectRefused(await remove(later, person.id, true), 403, 'recent-sign-in-required');
    expect((await remove(later, person.id)).status).toBe(204);
    expect((await read(admin, person.id)).status).toBe(200);
  });
});

describe('sessions of somebody else', () => {
  it('are ended by an administrator, all at once', async () => {
    const person = await newPerson();
    const elsewhere = await signIn(api, person);
    const answer = await api.delete(`/v1/users/${person.id}/sessions`, { headers: admin.headers });
    expect(answer.status).toBe(204);
    expect([await isSignedIn(api, person), await isSignedIn(api, elsewhere)]).toEqual([false, false]);
    expect(await isSignedIn(api, await signIn(api, person))).toBe(true);
    expect(await events(person.id)).toEqual([['session.ended', admin.id, { ended: 2 }]]);
  });
});

describe('the last SUPER_ADMIN', () => {
  it('stays, whoever asks and however', async () => {
    for (const answer of [
      await change(root, 'me', { role: 'ADMIN' }),
      await change(root, root.id, { isActive: false }),
      await remove(root, 'me'),
      await remove(root, root.id, true),
      await remove(root, 'me', true),
    ])
      expectRefused(answer, 422, 'last-super-admin');
    expect(await isSignedIn(api, root)).toBe(true);
  });
});
