import { describe, expect, it } from '@jest/globals';
import { collectPlan } from '../../../lib/collect/rows/plan.ts';
import { collectBatch } from '../../../lib/collect/rows.ts';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import { forwardedTables } from '../../../lib/tables/deliveredTables.ts';
import { HEAVY_LENGTH } from '../../../lib/wire/limits.ts';
import { collect, collectOne, input, now, sender } from './collectOne.ts';

const DAY = 86_400_000;

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
    ['text', 'text'],
    ['', undefined],
    [0, '0'],
    [1e21, '1e+21'],
    [true, 'true'],
    [false, 'false'],
    [' ', ' '],
    [{ a: [1] }, '{"a":[1]}'],
    [null, undefined],
    [undefined, undefined],
  ])('with the value %p has the column %p', (value, expected) => {
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

describe('the time of an event', () => {
  const iso = (ms: number) => new Date(ms).toISOString();

  it('is the time of receipt when the event has none', () => {
    const { rows, noted } = collect({ events: [{ eventName: 'e' }, { eventName: 'f', time: null }] });
    for (const row of rows) {
      expect(row).toMatchObject({ timestamp: iso(now), ds: '2026-11-20' });
      expect(row).not.toHaveProperty('client_timestamp');
    }
    expect(noted).toEqual({ time_missing: 2 });
  });

  it('is replaced by the request in the identity of an event that has none', () => {
    const idOf = (requestId: string | null, receivedAt = now) =>
      collect({ events: [{ eventName: 'e' }] }, { requestId, receivedAt }).rows[0]?.['event_id'];
    expect(idOf('a')).toBe(idOf('a', now + 1));
    expect(idOf('a')).not.toBe(idOf('b'));
    expect(idOf(null)).toBe(idOf(null));
    expect(idOf(null)).not.toBe(idOf(null, now + 1));
  });

  it.each([0, 7 * DAY, -DAY])('determines the day inside the window: %p ms ago', (ago) => {
    const time = now - ago;
    expect(collectOne({ eventName: 'e', time }).rows[0]).toMatchObject({
      timestamp: iso(time),
      ds: iso(time).slice(0, 10),
    });
  });

  it.each([7 * DAY + 1, -DAY - 1, now])(
    'is kept outside the window, under the day of receipt: %p ms ago',
    (ago) => {
      const { rows, noted } = collectOne({ eventName: 'e', time: now - ago });
      expect(rows[0]).toMatchObject({ timestamp: iso(now - ago), ds: '2026-11-20' });
      const more = { [-DAY - 1]: { clock_ahead: 1 }, [now]: { before_2000: 1 } }[ago];
      expect(noted).toEqual({ outside_time_window: 1, ...more });
    },
  );

  it.each([Math.floor(now / 1_000), String(now / 1_000), Date.UTC(2000) - 1, '1999-12-31'])(
    'is noted before 2000, as of a sender that counts seconds, and kept: %p',
    (time) => {
      const { rows, noted } = collectOne({ eventName: 'e', time });
      expect(rows[0]).toMatchObject({ timestamp: expect.stringMatching(/^19/), ds: '2026-11-20' });
      expect(noted).toEqual({ outside_time_window: 1, before_2000: 1 });
      expect(collectOne({ eventName: 'e', time: Date.UTC(2000) }).noted).toEqual({ outside_time_window: 1 });
    },
  );

  it("is corrected by the sender's clock only when the clock is off by more than five minutes", () => {
    const late = { clientTimes: [null, String(now - 3_600_000)] };
    const { rows, noted } = collectOne({ eventName: 'e', time: now - 3_600_000 - 5_000 }, {}, late);
    expect(rows[0]).toMatchObject({
      timestamp: iso(now - 5_000),
      client_timestamp: iso(now - 3_605_000),
    });
    expect(noted).toEqual({ clock_corrected: 1 });
    const ahead = now + 3_600_000;
    const early = { clientTimes: [String(ahead)] };
    expect(collectOne({ eventName: 'e', time: ahead }, {}, early)).toMatchObject({
      rows: [{ timestamp: iso(now) }],
      noted: { clock_corrected: 1 },
      aheadMs: 0,
    });
    const ancient = { clientTimes: [String(now - 400 * DAY)] };
    expect(collectOne({ eventName: 'e', time: now }, {}, ancient)).toMatchObject({
      rows: [{ timestamp: iso(now) }],
      noted: { clock_ignored: 1 },
    });
    const near = { clientTimes: [String(now - 299_000)] };
    expect(collectOne({ eventName: 'e', time: now - 299_000 }, {}, near).rows[0]).toMatchObject({
      timestamp: iso(now - 299_000),
    });
    const beacon = collectOne(
      { eventName: 'e', time: 0 },
      { clientTime: '1000' },
      { clientTimes: [null, null] },
    );
    expect(beacon.rows[0]).toMatchObject({ timestamp: iso(now - 1_000), client_timestamp: iso(0) });
  });

  it('is noted if it is an hour ahead, and no clock that the sender states is', () => {
    const notedAhead = (ms: number) => {
      const { noted, aheadMs } = collectOne({ eventName: 'e', time: now + ms });
      return [noted['clock_ahead'], aheadMs];
    };
    // Local time that is sent as UTC is a little less ahead.
    expect([notedAhead(3_300_000), notedAhead(3_299_999)]).toEqual([
      [1, 3_300_000],
      [undefined, 0],
    ]);
  });

  it('is corrected over midnight together with the day', () => {
    const before = Date.UTC(2026, 10, 19, 23, 50);
    const after = Date.UTC(2026, 10, 20, 0, 20);
    const sender = { receivedAt: after + 1_000, clientTimes: [String(before + 1_000)] };
    expect(collectOne({ eventName: 'e', time: before }, {}, sender).rows[0]).toMatchObject({
      timestamp: iso(after),
      client_timestamp: iso(before),
      ds: '2026-11-20',
    });
    // So is the window: a day ago by the sender, seven days and more by the collector.
    const late = { clientTimes: [String(now - 7 * DAY)] };
    expect(collectOne({ eventName: 'e', time: now - 8 * DAY }, {}, late).noted).not.toHaveProperty(
      'outside_time_window',
    );
  });

  it.each(['soon', 'NaN', 1e20, {}, true, '2026-02-30'])('is refused if it is not a time: %p', (time) => {
    const { rows, refused } = collect({ events: [{ eventName: 'bad', time }, { eventName: 'good' }] });
    expect(rows.map((row) => row['event_name'])).toEqual(['good']);
    expect(refused.map(({ code }) => code)).toEqual(['SLUICE_EVENT_BAD_TIME']);
  });
});

describe('telemetry', () => {
  const events = ['diagnostics', 'diagnostics', 'non_exposed_checks', 'session_recording', 'log_line'].map(
    (name) => ({ eventName: `statsig::${name}`, user: null, time: now, metadata: {} }),
  );

  it('is counted by name and not landed', () => {
    const { rows, counted } = collect({ events });
    expect(rows.map((row) => row['event_name'])).toEqual(['statsig::log_line']);
    expect(counted).toEqual({
      'statsig::diagnostics': 2,
      'statsig::non_exposed_checks': 1,
      'statsig::session_recording': 1,
    });
  });

  it('is landed if the configuration says so', () => {
    const { rows, counted } = collect({ events }, { config: { landTelemetry: true } });
    expect([rows.length, counted]).toEqual([5, {}]);
  });
});

describe('the work for a batch', () => {
  const plan = collectPlan(defineConfig(input));
  const list = (length: number) => Array.from({ length }, () => 0);

  it.each([
    [0, 0, 0],
    [1, 0, 1],
    [16, 0, 1],
    [17, 0, 2],
    [8, 8, 1],
    [8, 9, 2],
    [0, 33, 3],
  ])(
    'is checked against the clock every 16 events: %p events and %p exposures',
    (events, exposures, looks) => {
      let looked = 0;
      const outOfTime = () => {
        looked += 1;
        return false;
      };
      const text = JSON.stringify({ events: list(events), exposures: list(exposures) });
      expect(collectBatch(text, sender, plan, outOfTime).events).toBe(events + exposures);
      expect(looked).toBe(looks);
    },
  );

  it('ends when time is up: as a fault of the machine, or of a body that is costly by itself', () => {
    const attempt = (text: string) => () => collectBatch(text, sender, plan, () => true);
    expect(attempt('{"events":[0]}')).toThrow(
      expect.objectContaining({ code: 'SLUICE_COLLECT_OUT_OF_TIME' }),
    );
    expect(attempt(`{"events":[0],"x":"${'x'.repeat(HEAVY_LENGTH)}"}`)).toThrow(
      expect.objectContaining({
        code: 'SLUICE_BODY_TOO_COSTLY',
        detail: 'It could not be looked through in time.',
      }),
    );
  });
});

describe('an event that may not land', () => {
  const diagnostics = { eventName: 'statsig::diagnostics', time: now };
  const counted = (config: object) => collectOne(diagnostics, {}, { config }).counted;

  it('is counted as telemetry before a list applies, unless telemetry lands', () => {
    const events = { deny: ['statsig::diagnostics'] };
    expect(counted({ events })).toEqual({ 'statsig::diagnostics': 1 });
    expect(counted({ events, landTelemetry: true })).toEqual({ event_filtered: 1 });
    expect(counted({ events: { deny: ['other'] }, landTelemetry: true })).toEqual({});
  });

  it('is refused by the name of its kind if its key may not send it', () => {
    const gate = { eventName: 'statsig::gate_exposure', metadata: { gate: 'g' } };
    const refusals = (event: object, kinds: readonly ('events' | 'exposures')[]) =>
      collectOne(event, {}, { kinds }).refused.map(({ code, detail }) => [code, detail]);
    expect(refusals({ eventName: 'e' }, ['exposures'])).toEqual([
      ['SLUICE_EVENT_KIND_NOT_ALLOWED', 'It is one of events.'],
    ]);
    expect(refusals(gate, ['events'])).toEqual([
      ['SLUICE_EVENT_KIND_NOT_ALLOWED', 'It is one of exposures.'],
    ]);
    expect(refusals(gate, ['exposures'])).toEqual([]);
  });
});

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

  it.each<[object | null]>([[{ os: 'linux', sdkType: 'js' }], [{}], [null]])(
    "have each the metadata of their own event, beside the batch's: %j",
    (batch) => {
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
    },
  );

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

  it('have no IDs from custom IDs that are no object, whatever the IDs are named', () => {
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
    for (const none of ['staging', ['tier'], { tier: {} }, undefined, null, {}, { tier: '' }])
      expect([environment(none), environment(none, {})]).toEqual(['key', 'production']);
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

it.each([
  [{ events: [0], exposures: [0] }, 2],
  [{ events: [], exposures: [0] }, 1],
  [{ events: null, exposures: [0] }, 1],
  [{ events: [0], exposures: [] }, 1],
  [{ events: [0], exposures: null }, 1],
  [{ events: [], exposures: [] }, 0],
])('no part of a batch with events and exposures is lost: %j', (body, events) => {
  expect(collect(body)).toMatchObject({ events, refusedCounts: events === 0 ? {} : expect.anything() });
});

it.each([
  { events: [0], exposures: {} },
  { events: 'e', exposures: [0] },
  { events: null },
  {},
  { events: [], statsigMetadata: { a: JSON.parse(`${'['.repeat(64)}${']'.repeat(64)}`) } },
])('a body of another shape is refused as a whole: %j', (body) => {
  expect(() => collect(body)).toThrow(expect.objectContaining({ code: 'SLUICE_BODY_WRONG_SHAPE' }));
});
