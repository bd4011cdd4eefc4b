import { describe, expect, it } from '@jest/globals';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import { forwardedTables } from '../../../lib/tables/deliveredTables.ts';
import { collect, collectOne, input, now } from './collectOne.ts';

describe('a custom event', () => {
  it('becomes a row with all of its data', () => {
    const { rows } = collectOne(
      {
        eventName: 'purchase',
        value: 12.5,
        metadata: { sku: 'é"', n: 1 },
        user: {
          userID: 'u1',
          email: 'u1@example.com',
          customIDs: { COMPANYID: 'c1', stableid: 's1', 'Team-ID': '' },
          statsigEnvironment: { tier: 'staging' },
          newField: [1],
        },
        statsigMetadata: { currentPage: '/x' },
      },
      { statsigMetadata: { sdkType: 'js', sdkVersion: '3', stableID: 'device', sessionID: 'session' } },
    );
    expect(rows).toEqual([
      {
        event_id: expect.stringMatching(/^[0-9a-f]{32}$/),
        event_name: 'purchase',
        event_value: '12.5',
        user_id: 'u1',
        stable_id: 's1',
        company_id: 'c1',
        custom_ids: '{"COMPANYID":"c1","Team-ID":"","stableid":"s1"}',
        timestamp: '2026-11-20T07:32:00.123Z',
        client_timestamp: '2026-11-20T07:32:00.123Z',
        received_at: '2026-11-20T07:32:00.123Z',
        environment: 'staging',
        user_object:
          '{"customIDs":{"COMPANYID":"c1","Team-ID":"","stableid":"s1"},"email":"u1@example.com","newField":[1],"statsigEnvironment":{"tier":"staging"},"userID":"u1"}',
        company_metadata: '{"n":1,"sku":"é\\""}',
        statsig_metadata: expect.any(String),
        session_id: 'session',
        sdk_type: 'js',
        sdk_version: '3',
        ds: '2026-11-20',
      },
    ]);
    expect(JSON.parse(String(rows[0]?.['statsig_metadata']))).toEqual({
      sdkType: 'js',
      sdkVersion: '3',
      stableID: 'device',
      sessionID: 'session',
      currentPage: '/x',
    });
  });

  it.each([
    { what: 'a text', value: 'text', expected: 'text' },
    { what: 'an empty text', value: '', expected: undefined },
    { what: 'zero', value: 0, expected: '0' },
    { what: 'a number with an exponent', value: 1e21, expected: '1e+21' },
    { what: 'true', value: true, expected: 'true' },
    { what: 'false', value: false, expected: 'false' },
    { what: 'a blank', value: ' ', expected: ' ' },
    { what: 'an object', value: { a: [1] }, expected: '{"a":[1]}' },
    { what: 'null', value: null, expected: undefined },
    { what: 'none', value: undefined, expected: undefined },
  ])('has a value as text, or no column: $what', ({ value, expected }) => {
    expect(collectOne({ eventName: 'e', value }).rows[0]?.['event_value']).toBe(expected);
  });

  it('has U+FFFD for half pairs of surrogates, which nothing could write as UTF-8', () => {
    const event = String.raw`{"eventName":"a\ud83d","time":${now},"value":"\udc00b\u0000\ud83d\ude00"}`;
    expect(collect(`{"events":[${event}]}`).rows).toMatchObject([
      { event_name: 'a\ufffd', event_value: '\ufffdb\u0000😀' },
    ]);
  });

  it('has the columns of the table in order, and ds last', () => {
    const { documents } = collectOne({ eventName: 'e', value: 1, metadata: { a: 1 }, user: { userID: 'u' } });
    const table = forwardedTables(defineConfig(input)).events;
    const order = [...table.columns.map(({ name }) => name), 'ds'];
    const keys = Object.keys(JSON.parse(documents.events[0] ?? '{}'));
    expect(keys).toEqual(order.filter((name) => keys.includes(name)));
    expect(keys.at(-1)).toBe('ds');
  });
});

describe('the user', () => {
  it("is the event's user, or else the batch's", () => {
    const batch = { user: { userID: 'shared' } };
    expect(collectOne({ eventName: 'e', user: { userID: 'own' } }, batch).rows[0]?.['user_id']).toBe('own');
    expect(collectOne({ eventName: 'e', user: null }, batch).rows[0]?.['user_id']).toBe('shared');
    expect(collectOne({ eventName: 'e' }, batch).rows[0]?.['user_id']).toBe('shared');
    expect(collectOne({ eventName: 'e' }).rows[0]).not.toHaveProperty('user_id');
  });

  it('has no column for an empty ID, and has numbers as text', () => {
    const user = { userID: '', customIDs: { companyID: 7, 'team-id': null } };
    const [row] = collectOne({ eventName: 'e', user }).rows;
    expect(row).not.toHaveProperty('user_id');
    expect(row).toMatchObject({ company_id: '7' });
    expect(row).not.toHaveProperty('team_id');
  });

  it("has the event's own stable ID, or else the batch's", () => {
    const batch = { statsigMetadata: { stableID: 'device' } };
    expect(collectOne({ eventName: 'e', user: { userID: 'u' } }, batch).rows[0]?.['stable_id']).toBe(
      'device',
    );
    const own = { user: { customIDs: { stableID: 'own' } } };
    expect(collectOne({ eventName: 'e', ...own }, batch).rows[0]?.['stable_id']).toBe('own');
  });

  it('keeps every digit of numeric IDs that are too large for JavaScript', () => {
    const body = `{"events":[
      {"eventName":"e","time":${now},"user":{"userID":12345678901234567890,"customIDs":{"companyID":9007199254740993}},"value":10000000000000001},
      {"eventName":"e","time":${now},"user":{"userID":12345678901234567891},"metadata":{"n":1e400}}]}`;
    const { rows } = collect(body);
    expect(rows[0]).toMatchObject({
      user_id: '12345678901234567890',
      company_id: '9007199254740993',
      event_value: '10000000000000001',
    });
    expect(rows[1]).toMatchObject({
      user_id: '12345678901234567891',
      user_object: '{"userID":12345678901234567891}',
      company_metadata: '{"n":1e400}',
    });
    expect(rows[0]?.['event_id']).not.toBe(rows[1]?.['event_id']);
  });
});

describe('an undocumented member', () => {
  it('is kept under statsig_metadata.event', () => {
    const sent = {
      eventName: 'e',
      allocatedExperimentHash: 'abc',
      secondaryExposures: [{ gate: 'g' }],
      statsigMetadata: 'text',
    };
    const body = JSON.stringify({ events: [sent] }).replace(
      '"allocatedExperimentHash"',
      '"__proto__":{"a":1},"allocatedExperimentHash"',
    );
    const [row] = collect(body).rows;
    expect(row?.['statsig_metadata']).toBe(
      '{"event":{"__proto__":{"a":1},"allocatedExperimentHash":"abc","secondaryExposures":[{"gate":"g"}],"statsigMetadata":"text"}}',
    );
  });

  it("does not hide the batch's metadata, which the event's own metadata overrides", () => {
    const statsigMetadata = { sdkType: 'event', event: 'own' };
    const [row] = collectOne(
      { eventName: 'e', statsigMetadata },
      { statsigMetadata: { sdkType: 'batch', os: 'linux' } },
    ).rows;
    expect(JSON.parse(String(row?.['statsig_metadata']))).toEqual({
      sdkType: 'event',
      os: 'linux',
      event: 'own',
    });
    expect(row).toMatchObject({ sdk_type: 'batch' });
  });
});
