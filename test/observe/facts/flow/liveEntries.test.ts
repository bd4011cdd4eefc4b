import { describe, expect, it } from '@jest/globals';
import { eventOf, readRequestLine, refusedRequest } from '../../../../observe/facts/flow/liveEntries.ts';

const AT = '2026-11-20T08:00:00.000Z';

/** The entry of a row of quarantine whose body is this. */
const refused = (raw: unknown) =>
  eventOf(
    {
      quarantine_id: 'q1',
      reason: 'SLUICE_EVENT_BAD_TIME',
      raw: typeof raw === 'string' ? raw : JSON.stringify(raw),
    },
    { kind: 'quarantine', at: AT, unitColumns: ['company_id'] },
  );

describe('the entry of a refused event', () => {
  const gate = { eventName: 'statsig::gate_exposure', metadata: { gate: 'new_nav' } };
  const config = { eventName: 'statsig::config_exposure', metadata: { config: 'checkout' } };
  const layer = { eventName: 'statsig::layer_exposure', metadata: { config: 'home', gate: 'x' } };

  it.each([
    { what: 'an event', body: { events: [{ eventName: 'buy' }] }, name: 'buy' },
    { what: 'an event that has a gate', body: { events: [{ ...gate, eventName: 'buy' }] }, name: 'buy' },
    { what: 'a gate', body: { events: [gate] }, name: 'new_nav' },
    { what: 'a config', body: { events: [config] }, name: 'checkout' },
    { what: 'a layer', body: { events: [layer] }, name: 'home' },
    {
      what: 'an exposure without metadata',
      body: { events: [{ eventName: 'statsig::gate_exposure' }] },
      name: null,
    },
    {
      what: 'a custom exposure of an experiment',
      body: { exposures: [{ experimentName: 'checkout', group: 'test' }] },
      name: 'checkout',
    },
    { what: 'a custom exposure of a gate', body: { exposures: [{ gateName: 'new_nav' }] }, name: 'new_nav' },
    { what: 'an event without a name', body: { events: [{ eventName: 7 }] }, name: null },
    { what: 'null', body: { events: [null] }, name: null },
    { what: 'several events', body: { events: [gate, config] }, name: null },
    { what: 'a body that is one event', body: { eventName: 'buy' }, name: 'buy' },
    { what: 'a body that is no JSON', body: '{', name: null },
  ])('of $what has the name $name', ({ body, name }) => {
    expect(refused(body)).toMatchObject({ name, event_id: 'q1', code: 'SLUICE_EVENT_BAD_TIME', group: null });
  });

  it.each([
    {
      what: 'of its own',
      body: { events: [{ user: { userID: 'ada' } }], user: { userID: 'eve' } },
      unit: 'ada',
    },
    { what: 'of its batch', body: { events: [{}], user: { userID: 'eve' } }, unit: 'eve' },
    {
      what: 'without a user ID',
      body: { events: [{ user: { customIDs: { companyID: 'c' } } }] },
      unit: null,
    },
    { what: 'whose ID is a number', body: { events: [{ user: { userID: 4711 } }] }, unit: '4711' },
    {
      what: 'whose ID is a number that no double holds',
      body: '{"events":[{"user":{"userID":12345678901234567890}}]}',
      unit: '12345678901234567890',
    },
    { what: 'whose ID is empty', body: { events: [{ user: { userID: '' } }] }, unit: null },
  ])('with a user $what has the unit $unit', ({ body, unit }) => {
    expect(refused(body).unit).toBe(unit);
  });
});

describe('the entry of a stored row', () => {
  it.each([
    {
      kind: 'events',
      row: { event_name: 'buy', experiment_id: 'x', stable_id: 's' },
      name: 'buy',
      unit: 's',
    },
    { kind: 'exposures', row: { experiment_id: 'checkout', company_id: 'c' }, name: 'checkout', unit: 'c' },
    { kind: 'events', row: { event_name: 'buy', stable_id: 's', user_id: 'u' }, name: 'buy', unit: 'u' },
  ] as const)('of $kind has its name and its first unit: $unit', ({ kind, row, name, unit }) => {
    expect(eventOf(row, { kind, at: AT, unitColumns: ['company_id'] })).toMatchObject({ name, unit, row });
  });

  it('has its own ID, group and SDK', () => {
    const own = { event_id: 'e', quarantine_id: 'q', sdk_type: 'js', sdk_version: '3' };
    const row = { ...own, group_id: 'g', rule_id: 'r', group_name: 'n', reason: 'Network' };
    expect(eventOf(row, { kind: 'exposures', at: AT, unitColumns: [] })).toEqual({
      type: 'event',
      at: AT,
      kind: 'exposures',
      event_id: 'e',
      name: null,
      unit: null,
      group: 'g',
      code: null,
      sdk_type: 'js',
      sdk_version: '3',
      row,
    });
  });
});

describe('the entry of a request', () => {
  const line = (fields: object) =>
    readRequestLine(JSON.stringify({ event: 'collect', status: 202, ms: 12, ...fields }), AT);

  it('counts as received the events of its batch', () => {
    expect(line({ events: 4, refused: { SLUICE_EVENT_NO_NAME: 1 } })?.received).toBe(4);
  });

  it.each([
    { what: 'a body that went to quarantine', fields: { status: 400, refused: { A: 1 } }, received: 1 },
    { what: 'a body that nobody read', fields: { status: 401, code: 'A' }, received: 0 },
    { what: 'refused and ignored events', fields: { refused: { A: 1 }, counted: { B: 2 } }, received: 3 },
  ])('counts as received $received of $what, without a count of its batch', ({ fields, received }) => {
    expect(line(fields)?.received).toBe(received);
  });

  it('has each count and note of the line under its own name', () => {
    const landed = { exposures_landed: 1, events_landed: 2, quarantined: 3, overflowed: 4 };
    const by = { refused: { A: 1 }, counted: { B: 2 }, noted: { C: 3 } };
    const more = { request_id: 'r', key: 'web', sent_key: '9f', endpoint: '/v1/x', code: 'X', relay: 'kept' };
    const own = { clock_skew_ms: -5, ahead_ms: 6, not_streamed: 'held_back: T' };
    expect(line({ events: 7, sdk: 'js 3', ...landed, ...by, ...more, ...own })).toEqual({
      type: 'request',
      at: AT,
      request_id: 'r',
      status: 202,
      ms: 12,
      sdk_type: 'js',
      sdk_version: '3',
      key_label: 'web',
      sent_key: '9f',
      endpoint: '/v1/x',
      host: null,
      received: 7,
      exposures: 1,
      events: 2,
      quarantined: 3,
      overflowed: 4,
      code: 'X',
      refused: { A: 1 },
      ignored_as: { B: 2 },
      noted: { C: 3 },
      clock_skew_ms: -5,
      ahead_ms: 6,
      not_streamed: 'held_back: T',
      relay: 'kept',
    });
  });

  it('has the SDK that its headers name, also of a batch that nobody read', () => {
    expect(line({ status: 503, sdk: 'py-server 0.9' })).toMatchObject({
      sdk_type: 'py-server',
      sdk_version: '0.9',
    });
    expect(line({})).toMatchObject({ sdk_type: null, sdk_version: null });
  });

  it.each([
    { what: 'another event', text: '{"event":"start","status":202,"ms":1}' },
    { what: 'no status', text: '{"event":"collect","ms":1}' },
    { what: 'no JSON', text: '"event":"collect"' },
  ])('is not made of a line with $what', ({ text }) => {
    expect(readRequestLine(text, AT)).toBeUndefined();
  });

  it('says which Host the local cloud did not let in', () => {
    const refusal = { status: 403, code: 'SLUICE_LOCAL_HOST_REFUSED', host: 'phone.example' };
    expect(refusedRequest(refusal, AT)).toMatchObject({ ...refusal, at: AT, received: 0, ms: 0 });
  });
});
