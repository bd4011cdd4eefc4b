import { describe, expect, it } from '@jest/globals';
import { collect, collectOne, now } from './collectOne.ts';

describe('the rows of one batch', () => {
  it('have each the user of their own event, however users alternate', () => {
    const users = [
      { userID: 'a' },
      { userID: 'b' },
      { userID: 'a' },
      { userID: 'a', email: 'x' },
      null,
      { userID: 'long', email: 'x'.repeat(9_000) },
      { userID: 'other', email: 'x'.repeat(9_000) },
      { userID: 'long', email: 'x'.repeat(9_000) },
      null,
    ];
    const events = users.map((user) => ({ eventName: 'e', time: now, user }));
    const { rows, duplicates } = collect({ events });
    expect(rows.map((row) => JSON.parse(String(row['user_object'] ?? null)))).toEqual(users);
    expect(rows.map((row) => row['user_id'] ?? null)).toEqual(users.map((user) => user?.userID ?? null));
    expect(duplicates).toBe(3);
  });

  it('have an ID by its exact name, or else by its name in any case', () => {
    const row = (customIDs: unknown) => collectOne({ eventName: 'e', user: { customIDs } }).rows[0] ?? {};
    expect(row({ companyid: 'lower', companyID: 'exact' })).toMatchObject({ company_id: 'exact' });
    expect(row({ COMPANYID: 'upper', companyid: 'lower' })).toMatchObject({ company_id: 'upper' });
    expect(row({ companyid: 'lower', companyID: null })).not.toHaveProperty('company_id');
    for (const none of ['companyID', ['companyID'], 7]) expect(row(none)).not.toHaveProperty('company_id');
  });

  it.each<{ readonly what: string; readonly batch: object | null }>([
    { what: 'that of the batch', batch: { os: 'linux', sdkType: 'js' } },
    { what: 'that of a batch without members', batch: {} },
    { what: 'none of the batch', batch: null },
  ])('have each the metadata of their own event, beside $what', ({ batch }) => {
    const long = 'x'.repeat(5_000);
    const own = [
      { page: '/' },
      { route: '/' },
      { page: '/' },
      // A page that sets a member by a variable that has no value sends it so.
      { undefined: '/' },
      { undefined: '/' },
      { page: '/', route: '/' },
      { page: 1 },
      { page: long },
      { route: long },
      { page: '/', os: 'own' },
      { os: 'own' },
      {},
      null,
      { page: '/' },
    ];
    const events = own.map((statsigMetadata) => ({ eventName: 'e', time: now, statsigMetadata }));
    const { rows, duplicates } = collect({ events, statsigMetadata: batch });
    expect(rows.map((row) => JSON.parse(String(row['statsig_metadata'] ?? '{}')))).toEqual(
      own.map((members) => ({ ...batch, ...members })),
    );
    expect(duplicates).toBe(4);
  });

  it("have the batch's metadata as it is and their own behind it, or all sorted where they override it", () => {
    const own = [
      { a: '/' },
      { b: '/' },
      { a: '/' },
      { os: 'own', a: 1 },
      { z: 1, a: 2 },
      ['x'],
      'text',
      0,
      {},
    ];
    const events = own.map((statsigMetadata) => ({ eventName: 'e', time: now, statsigMetadata }));
    const texts = (statsigMetadata: object | null) =>
      collect({ events, statsigMetadata }).rows.map((row) => row['statsig_metadata']);
    expect(texts({ os: 'linux', b: 'batch' })).toEqual([
      '{"b":"batch","os":"linux","a":"/"}',
      '{"b":"/","os":"linux"}',
      '{"b":"batch","os":"linux","a":"/"}',
      '{"a":1,"b":"batch","os":"own"}',
      '{"b":"batch","os":"linux","a":2,"z":1}',
      '{"b":"batch","event":{"statsigMetadata":["x"]},"os":"linux"}',
      '{"b":"batch","event":{"statsigMetadata":"text"},"os":"linux"}',
      '{"b":"batch","event":{"statsigMetadata":0},"os":"linux"}',
      '{"b":"batch","os":"linux"}',
    ]);
    expect(texts(null).slice(0, 4)).toEqual(['{"a":"/"}', '{"b":"/"}', '{"a":"/"}', '{"a":1,"os":"own"}']);
  });

  it('have a key for undocumented members that no other member has', () => {
    const event = { eventName: 'e', extra: 1, statsigMetadata: { event: 'own' } };
    const [row] = collectOne(event, { statsigMetadata: { event_: 'batch' } }).rows;
    expect(row?.['statsig_metadata']).toBe('{"event":"own","event_":"batch","event__":{"extra":1}}');
  });

  it('have no IDs from custom IDs that are no object, also if the IDs have names of members that texts and lists have', () => {
    const unitIds = { length: 'length_id', undefined: 'undefined_id', constructor: 'constructor_id' };
    for (const customIDs of ['text', ['a', 'b'], 7, null, {}, [], { companyID: 'c' }]) {
      const [row] = collectOne({ eventName: 'e', user: { customIDs } }, {}, { config: { unitIds } }).rows;
      for (const column of Object.values(unitIds)) expect(row).not.toHaveProperty(column);
    }
    for (const customIDs of [null, {}, []])
      expect(collectOne({ eventName: 'e', user: { customIDs } }).rows[0]).not.toHaveProperty('custom_ids');
  });

  it('have the environment of the tier of the user, only if that is a text in an object', () => {
    const environment = (statsigEnvironment: unknown, from: object = { environment: 'key' }) =>
      collectOne({ eventName: 'e', user: { userID: 'u', statsigEnvironment } }, {}, from).rows[0]?.[
        'environment'
      ];
    for (const none of ['staging', ['tier'], { tier: {} }, undefined, null, {}, { tier: '' }]) {
      expect(environment(none)).toBe('key');
      expect(environment(none, {})).toBe('production');
    }
    expect([{ tier: 7 }, { tier: 'x' }].map((user) => environment(user))).toEqual(['7', 'x']);
  });

  it('name the sender of the body before that of the headers', () => {
    const from = { sdkType: 'header', sdkVersion: '1', sessionId: 'header' };
    const statsigMetadata = { sdkType: 'body', sdkVersion: 2, sessionID: 'body', stableID: 'device' };
    expect(collectOne({ eventName: 'e' }, { statsigMetadata }, from)).toMatchObject({
      senderId: 'device',
      sdkType: 'body',
      sdkVersion: '2',
      rows: [{ sdk_type: 'body', sdk_version: '2', session_id: 'body', stable_id: 'device' }],
    });
    expect(collectOne({ eventName: 'e' }, { statsigMetadata: { sessionID: 'body' } }, from).senderId).toBe(
      'body',
    );
    expect(collectOne({ eventName: 'e' }, {}, from)).toMatchObject({
      senderId: 'header',
      sdkType: 'header',
      rows: [{ sdk_type: 'header', sdk_version: '1', session_id: 'header' }],
    });
    expect(collectOne({ eventName: 'e' })).toMatchObject({ senderId: '', sdkType: null, sdkVersion: null });
  });
});

it('no user is written into the row of another user with the same number of members', () => {
  const users = ['{"userID":"u1","email":"u1@example.com"}', '{"__proto__":{},"userID":"u1"}'];
  for (const [first, second] of [users, users.toReversed()]) {
    const event = (user: string | undefined) => `{"eventName":"e","time":${now},"user":${user}}`;
    const { rows } = collect(`{"events":[${event(first)},${event(second)}]}`);
    expect(rows.map((row) => String(row['user_object']).includes('u1@example.com'))).toEqual(
      [first, second].map((user) => user?.includes('email')),
    );
  }
});
