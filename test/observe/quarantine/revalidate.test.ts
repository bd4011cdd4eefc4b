import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { DAY_MS } from '../../../lib/base/time.ts';
import { collectPlan } from '../../../lib/collect/rows/plan.ts';
import { collectBatch } from '../../../lib/collect/rows.ts';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import type { ConfigInput } from '../../../lib/schema/config.ts';
import { eventsTable } from '../../../lib/tables/eventsTable.ts';
import { rowPath } from '../../../lib/tables/objectKeys.ts';
import { type QuarantinedItem, restoreRow, revalidator } from '../../../observe/quarantine/revalidate.ts';

const NOW = Date.UTC(2026, 10, 20, 7, 32);
const judge = (input: Partial<ConfigInput> = {}) => revalidator(defineConfig({ bucket: 'bucket', ...input }));
const quarantined = (raw: string, rest: Partial<QuarantinedItem> = {}): QuarantinedItem => ({
  quarantineId: 'q1',
  receivedAt: NOW,
  reason: 'SLUICE_EVENT_KIND_NOT_ALLOWED',
  sdkType: 'js',
  sdkVersion: '1.0',
  path: '/v1/rgstr',
  raw: Buffer.from(raw),
  ...rest,
});
/** The text that quarantine keeps of an event: a body with it alone. */
const only = (...events: readonly string[]) => `{"events":[${events.join(',')}]}`;
const event = (name: string) => JSON.stringify({ eventName: name, time: NOW, user: { userID: 'u' } });

describe('a quarantined event', () => {
  it('that is now valid becomes a row of the day of receipt', () => {
    const { rows, refused } = judge()(quarantined(only(event('made'))));
    expect(refused).toEqual([]);
    expect(rows.events.map(({ day, json }) => [day, JSON.parse(json)])).toEqual([
      [
        '2026-11-20',
        expect.objectContaining({
          event_name: 'made',
          user_id: 'u',
          sdk_type: 'js',
          sdk_version: '1.0',
          received_at: '2026-11-20T07:32:00.000Z',
        }),
      ],
    ]);
  });

  it('with NaN, which earlier releases refused, becomes a row', () => {
    const body = only(event('made').replace('{', '{"value":NaN,'));
    const { rows, refused } = judge()(quarantined(body, { reason: 'SLUICE_BODY_NOT_JSON' }));
    expect(refused).toEqual([]);
    expect(rows.events).toHaveLength(1);
  });

  it('has one event_id if it is redriven twice, different from an equal event', () => {
    const idOf = (quarantineId: string) =>
      judge()(quarantined(only(event('made')), { quarantineId })).rows.events.map(
        ({ json }) => JSON.parse(json).event_id,
      );
    expect(idOf('q1')).toEqual(idOf('q1'));
    expect(idOf('q1')).not.toEqual(idOf('q2'));
  });

  it("without a tier has its key's environment, as it would have had at receipt", () => {
    const environmentOf = (raw: string, keyEnvironment: string | null) =>
      judge()(quarantined(raw, { keyEnvironment })).rows.events.map(
        ({ json }) => JSON.parse(json).environment,
      );
    expect(environmentOf(only(event('made')), 'staging')).toEqual(['staging']);
    expect(environmentOf(only(event('made')), null)).toEqual(['production']);
    const tiered = '{"eventName":"a","user":{"statsigEnvironment":{"tier":"development"}}}';
    expect(environmentOf(only(tiered), 'staging')).toEqual(['development']);
  });

  it('that is still invalid is refused with its current code', () => {
    expect(
      judge()(quarantined(only('{"time":1}'), { reason: 'SLUICE_EVENT_NO_NAME' })).refused,
    ).toMatchObject([{ code: 'SLUICE_EVENT_NO_NAME' }]);
    expect(judge()(quarantined('{"eventNa', { reason: 'SLUICE_EVENT_NO_NAME' })).refused).toMatchObject([
      { code: 'SLUICE_BODY_TRUNCATED' },
    ]);
  });

  it('without kept text stays in quarantine', () => {
    expect(judge()(quarantined('', { raw: null })).refused).toEqual([
      { code: 'SLUICE_EVENT_KIND_NOT_ALLOWED', detail: 'Nothing of it was kept.' },
    ]);
  });

  it('is redacted only once', () => {
    const privacy = { redact: { 'user.email': 'hash' }, salt: 'sixteen characters at least' } as const;
    const raw = only('{"eventName":"a","user":{"email":"already-a-hash"}}');
    const { rows } = judge({ privacy })(quarantined(raw));
    expect(rows.events[0]?.json).toContain('already-a-hash');
  });
});

describe('a quarantined body', () => {
  it('is processed like a request: rows, refused events and telemetry', () => {
    const body = only(event('a'), event('statsig::diagnostics'), '{}');
    const verdict = judge()(quarantined(body, { reason: 'SLUICE_BODY_WRONG_SHAPE' }));
    expect(verdict.rows.events).toHaveLength(1);
    expect(verdict).toMatchObject({ refused: [{ code: 'SLUICE_EVENT_NO_NAME' }], ignored: 1 });
  });

  it('of bytes that cannot be decoded is refused with the code of that', () => {
    const raw = Buffer.from([0x1f, 0x8b, 0, 1]);
    const { refused } = judge()(quarantined('', { reason: 'SLUICE_BODY_WRONG_SHAPE', raw }));
    expect(refused.map(({ code }) => code)).toEqual(['SLUICE_BODY_CORRUPT']);
  });

  it('is redacted, because it was kept as it was sent', () => {
    const privacy = { redact: { 'user.email': 'drop' }, salt: 'sixteen characters at least' } as const;
    const body = only('{"eventName":"a","user":{"email":"a@example.com","userID":"u"}}');
    const { rows } = judge({ privacy })(quarantined(body, { reason: 'SLUICE_BODY_WRONG_SHAPE' }));
    expect(rows.events).toHaveLength(1);
    expect(rows.events[0]?.json).toContain('"user_id":"u"');
    expect(rows.events[0]?.json).not.toContain('a@example.com');
  });

  it('counts telemetry and denied events, which are not landed', () => {
    const diagnostics = event('statsig::diagnostics');
    const body = only(diagnostics, diagnostics, event('b'));
    const judged = judge({ events: { deny: ['b'] } })(quarantined(body, { reason: 'SLUICE_BODY_NOT_JSON' }));
    expect(judged).toMatchObject({ refused: [], ignored: 3 });
  });

  it('that is still no body is refused with its current code and detail', () => {
    const { refused } = judge()(quarantined('[]', { reason: 'SLUICE_BODY_NOT_JSON' }));
    expect(refused).toEqual([{ code: 'SLUICE_BODY_WRONG_SHAPE', detail: expect.any(String) }]);
  });
});

describe('a row that its table did not take', () => {
  const reason = 'SLUICE_ROW_UNFIT';
  const day = '2026-11-20';
  const path = rowPath('landing/2026/11/20/x', 'events', day);
  const config = defineConfig({ bucket: 'bucket' });
  const table = eventsTable(config);
  const sender = {
    keyHash: 'k',
    clientTimes: [],
    sessionId: null,
    sdkType: null,
    sdkVersion: null,
    receivedAt: NOW,
  };
  const eventRows = (text: string) => collectBatch(text, sender, collectPlan(config)).rows.events;
  const [made = { day, json: '' }] = eventRows(only(event('made')));

  it('returns unchanged to the table and day that its path names', () => {
    expect(judge()(quarantined(made.json, { reason, path }))).toEqual({
      rows: { exposures: [], events: [made] },
      refused: [],
      ignored: 0,
    });
    const json = '{"event_id":"a"}';
    const other = rowPath('landing/2026/11/20/x', 'exposures', '2026-11-19');
    expect(judge()(quarantined(json, { reason, path: other })).rows).toEqual({
      exposures: [{ day: '2026-11-19', json }],
      events: [],
    });
  });

  it.each([
    { what: 'quarantine itself', where: rowPath('landing/x', 'quarantine', day) },
    { what: 'a table without a day', where: 'landing/x#events' },
    { what: 'no table', where: 'landing/x' },
    { what: 'nothing', where: '' },
  ])('whose path names $what stays in quarantine', ({ where }) => {
    expect(judge()(quarantined(made.json, { reason, path: where })).refused).toEqual([
      { code: reason, detail: 'Its path names no table.' },
    ]);
  });

  it.each([
    { what: 'is no JSON', raw: '{', problem: 'It is not JSON.' },
    { what: 'is no object', raw: '[]', problem: 'It is not a JSON object.' },
    { what: 'has no ID', raw: '{}', problem: 'It has no event_id.' },
    { what: 'has an ID that is no text', raw: '{"event_id":1}', problem: 'It has no event_id.' },
    {
      what: 'has a column that is gone',
      raw: '{"event_id":"a","x":1}',
      problem: 'The table has no column "x".',
    },
    {
      what: 'has a value of another type',
      raw: '{"event_id":"a","user_id":{}}',
      problem: 'user_id is not a string.',
    },
    {
      what: 'has a time that is none',
      raw: '{"event_id":"a","timestamp":"x"}',
      problem: 'timestamp is not a timestamp.',
    },
  ])('that $what stays in quarantine, with a reason', ({ raw, problem }) => {
    expect(restoreRow(raw, table, day)).toEqual({ problem });
    expect(judge()(quarantined(raw, { reason, path }))).toEqual({
      rows: { exposures: [], events: [] },
      refused: [{ code: reason, detail: problem }],
      ignored: 0,
    });
  });

  const types = ['string', 'boolean', 'timestamp', 'date', 'double', 'bigint'] as const;
  const [id] = table.columns;
  const typed = {
    ...table,
    columns: [
      ...(id === undefined ? [] : [id]),
      ...types.map((type) => ({ name: type, type, comment: 'One of this type' })),
    ],
  };
  const restore = (members: object) => restoreRow(JSON.stringify({ event_id: 'a', ...members }), typed, day);

  it.each<{
    readonly type: (typeof types)[number];
    readonly fitting: readonly unknown[];
    readonly others: readonly unknown[];
  }>([
    { type: 'string', fitting: ['', 'x'], others: [1, true, {}] },
    { type: 'boolean', fitting: [true, false], others: ['true', 1] },
    {
      type: 'timestamp',
      fitting: ['2026-11-20T07:32:00.123Z'],
      others: ['soon', '', 1_795_159_800_000, '2026-02-30T00:00:00.000Z'],
    },
    { type: 'date', fitting: ['2026-11-20'], others: ['2026-11-31', '20.11.2026', 20, ['2026-11-20']] },
    { type: 'double', fitting: [0, 1.5, -1], others: ['1', true] },
    { type: 'bigint', fitting: [0, -7, Number.MAX_SAFE_INTEGER], others: [1.5, 2 ** 53, '1'] },
  ])('fits a column of type $type with its values and null only', ({ type, fitting, others }) => {
    const isTaken = (value: unknown) => !('problem' in restore({ [type]: value }));
    expect([...fitting, null].filter((value) => !isTaken(value))).toEqual([]);
    const refused = { problem: `${type} is not a ${type}.` };
    expect(others.map((value) => restore({ [type]: value }))).toEqual(others.map(() => refused));
  });

  it('loses its line breaks', () => {
    expect(restoreRow('{"event_id":"a",\n"user_id":"u"}', table, day)).toEqual({
      day,
      json: '{"event_id":"a","user_id":"u"}',
    });
    const spaced = '{"event_id": "a", "user_id": "u"}';
    expect(restoreRow(spaced, table, day)).toEqual({ day, json: spaced });
  });

  it('is accepted if the collector could have written it', () => {
    fc.assert(
      fc.property(
        fc.json(),
        fc.string({ minLength: 1 }),
        // Of other times events are refused.
        fc.integer({ min: NOW - 20 * DAY_MS, max: NOW }),
        (metadata, eventName, time) => {
          const text = `{"events":[{"eventName":${JSON.stringify(eventName)},"time":${time},"metadata":${metadata}}]}`;
          const rows = [...eventRows(text)];
          expect(rows).toHaveLength(1);
          for (const row of rows) expect(restoreRow(row.json, table, row.day)).toEqual(row);
        },
      ),
    );
  });
});
