import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { collectPlan } from '../../../lib/collect/rows/plan.ts';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import type { ConfigInput } from '../../../lib/schema/config.ts';
import { MAX_RECORD_BYTES } from '../../../lib/schema/deliveryLimits.ts';
import { eventsTable } from '../../../lib/tables/eventsTable.ts';
import { type QuarantinedItem, restoreRow, revalidator } from '../../../observe/quarantine/revalidate.ts';
import { collectDocuments } from '../../lib/collect/collectOne.ts';

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
    const { documents, refused } = judge()(quarantined(only(event('made'))));
    expect(refused).toEqual([]);
    expect(documents.events.map((document) => JSON.parse(document))).toMatchObject([
      {
        event_name: 'made',
        user_id: 'u',
        sdk_type: 'js',
        received_at: '2026-11-20T07:32:00.000Z',
        ds: '2026-11-20',
      },
    ]);
  });

  it('has one event_id however often it is redriven, different from an equal event', () => {
    const idOf = (quarantineId: string) =>
      judge()(quarantined(only(event('made')), { quarantineId })).documents.events.map(
        (document) => JSON.parse(document).event_id,
      );
    expect(idOf('q1')).toEqual(idOf('q1'));
    expect(idOf('q1')).not.toEqual(idOf('q2'));
  });

  it("without a tier has its key's environment, as it would have had at receipt", () => {
    const environmentOf = (raw: string, keyEnvironment: string | null) =>
      judge()(quarantined(raw, { keyEnvironment })).documents.events.map(
        (document) => JSON.parse(document).environment,
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
      { code: 'SLUICE_BODY_NOT_JSON' },
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
    const { documents } = judge({ privacy })(quarantined(raw));
    expect(documents.events[0]).toContain('already-a-hash');
  });
});

describe('a quarantined body', () => {
  it('is processed like a request, whatever its bytes', () => {
    const reason = 'SLUICE_BODY_WRONG_SHAPE' as const;
    const body = only(event('a'), event('statsig::diagnostics'), '{}');
    const verdict = judge()(quarantined(body, { reason }));
    expect(verdict.documents.events).toHaveLength(1);
    expect(verdict).toMatchObject({ refused: [{ code: 'SLUICE_EVENT_NO_NAME' }], ignored: 1 });
    const broken = { reason, raw: Buffer.from([0x1f, 0x8b, 0, 1]) };
    expect(judge()(quarantined('', broken)).refused).toHaveLength(1);
  });

  it('is redacted, because it was kept as it was sent', () => {
    const privacy = { redact: { 'user.email': 'drop' }, salt: 'sixteen characters at least' } as const;
    const body = only('{"eventName":"a","user":{"email":"a@example.com","userID":"u"}}');
    const { documents } = judge({ privacy })(quarantined(body, { reason: 'SLUICE_BODY_WRONG_SHAPE' }));
    expect(documents.events).toEqual([expect.stringContaining('"user_id":"u"')]);
    expect(documents.events[0]).not.toContain('a@example.com');
  });

  it('counts every event that is not landed, whatever the reason', () => {
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

describe('a row that Firehose failed to deliver', () => {
  const reason = 'SLUICE_FIREHOSE_CONVERSION_FAILED';
  const path = 'errors/events/format-conversion-failed/x';
  const config = defineConfig({ bucket: 'bucket' });
  const [row = ''] = collectDocuments(
    only(event('made')),
    { keyHash: 'k', clientTimes: [], sessionId: null, sdkType: null, sdkVersion: null, receivedAt: NOW },
    collectPlan(config),
  ).documents.events;

  it('returns to its stream unchanged', () => {
    expect(judge()(quarantined(row, { reason, path }))).toEqual({
      documents: { exposures: [], events: [row] },
      refused: [],
      ignored: 0,
    });
  });

  it.each(['errors/quarantine/x/y', 'elsewhere', ''])(
    'without its own stream (%s) stays in quarantine',
    (where) => {
      expect(judge()(quarantined(row, { reason, path: where })).refused).toMatchObject([{ code: reason }]);
    },
  );

  it.each([
    ['no JSON', '{', 'It is not JSON.'],
    ['no object', '[]', 'It is not a JSON object.'],
    ['no ID', '{"ds":"2026-11-20"}', 'It has no event_id.'],
    ['no day', '{"event_id":"a"}', 'It has no ds that is a day.'],
    ['a day that is none', '{"event_id":"a","ds":"2026-02-30"}', 'It has no ds that is a day.'],
    ['a column that is gone', '{"event_id":"a","ds":"2026-11-20","x":1}', 'The table has no column "x".'],
    ['another type', '{"event_id":"a","ds":"2026-11-20","user_id":{}}', 'user_id is not a string.'],
    ['no time', '{"event_id":"a","ds":"2026-11-20","timestamp":"x"}', 'timestamp is not a timestamp.'],
    [
      'too many bytes',
      `{"event_id":"${'x'.repeat(MAX_RECORD_BYTES)}","ds":"2026-11-20"}`,
      'It is larger than a Firehose record.',
    ],
  ])('with %s stays in quarantine, with a reason', (_what, raw, problem) => {
    expect(restoreRow(raw, eventsTable(config))).toEqual({ problem });
  });

  it('of exposures returns to their stream', () => {
    const exposure = '{"event_id":"a","ds":"2026-11-20"}';
    const where = 'errors/exposures/format-conversion-failed/x';
    expect(judge()(quarantined(exposure, { reason, path: where })).documents).toEqual({
      exposures: [exposure],
      events: [],
    });
  });

  it('that did not fit its file returns to the table that its path names', () => {
    const unfit = { reason: 'SLUICE_ROW_UNFIT', path: 'landing/2026/11/20/x#exposures' } as const;
    const exposure = '{"event_id":"a","ds":"2026-11-20"}';
    expect(judge()(quarantined(exposure, unfit)).documents).toEqual({ exposures: [exposure], events: [] });
    const detail = 'Its path names no table.';
    for (const where of ['landing/2026/11/20/x', 'landing/2026/11/20/x#quarantine'])
      expect(judge()(quarantined(exposure, { ...unfit, path: where })).refused).toMatchObject([{ detail }]);
  });

  it('stays in quarantine with the reason why it does not fit', () => {
    expect(judge()(quarantined('{', { reason, path }))).toEqual({
      documents: { exposures: [], events: [] },
      refused: [{ code: reason, detail: 'It is not JSON.' }],
      ignored: 0,
    });
    for (const where of ['elsewhere', 'errors/quarantine/format-conversion-failed/x']) {
      expect(judge()(quarantined(row, { reason, path: where })).refused).toEqual([
        { code: reason, detail: 'Its path names no table.' },
      ]);
    }
  });

  const types = ['string', 'boolean', 'timestamp', 'date', 'double', 'bigint'] as const;
  const [id] = eventsTable(config).columns;
  const typed = {
    ...eventsTable(config),
    columns: [
      ...(id === undefined ? [] : [id]),
      ...types.map((type) => ({ name: type, type, comment: 'One of this type' })),
    ],
  };
  const restore = (members: object) =>
    restoreRow(JSON.stringify({ event_id: 'a', ...members, ds: '2026-11-20' }), typed);

  it.each<[(typeof types)[number], readonly unknown[], readonly unknown[]]>([
    ['string', ['', 'x'], [1, true, {}]],
    ['boolean', [true, false], ['true', 1]],
    ['timestamp', ['2026-11-20T07:32:00.123Z'], ['soon', '', 1_795_159_800_000]],
    ['date', ['2026-11-20'], ['2026-11-31', '20.11.2026', 20, ['2026-11-20']]],
    ['double', [0, 1.5, -1], ['1', true]],
    ['bigint', [0, -7, Number.MAX_SAFE_INTEGER], [1.5, 2 ** 53, '1']],
  ])('fits a column of type %s with its values only', (type, fitting, others) => {
    for (const value of [...fitting, null]) {
      expect([value, restore({ [type]: value })]).toEqual([value, { document: expect.any(String) }]);
    }
    for (const value of others) {
      expect([value, restore({ [type]: value })]).toEqual([value, { problem: `${type} is not a ${type}.` }]);
    }
  });

  it('needs an ID and a day that are texts', () => {
    const table = eventsTable(config);
    expect(restoreRow('{"event_id":1,"ds":"2026-11-20"}', table)).toEqual({ problem: 'It has no event_id.' });
    expect(restoreRow('{"event_id":"a","ds":20261120}', table)).toEqual({
      problem: 'It has no ds that is a day.',
    });
    expect(restoreRow('{"event_id":"a","ds":["2026-11-20"]}', table)).toEqual({
      problem: 'It has no ds that is a day.',
    });
    expect(restoreRow('{"event_id":"a"}', { ...table, columns: [] })).toEqual({
      problem: 'It has no undefined.',
    });
  });

  it('loses its line breaks, and may be as large as a record', () => {
    const table = eventsTable(config);
    expect(restoreRow('{"event_id":"a",\n"ds":"2026-11-20"}', table)).toEqual({
      document: '{"event_id":"a","ds":"2026-11-20"}',
    });
    const spaced = '{"event_id": "a", "ds": "2026-11-20"}';
    expect(restoreRow(spaced, table)).toEqual({ document: spaced });
    const rest = '{"event_id":"","ds":"2026-11-20"}'.length;
    const largest = `{"event_id":"${'x'.repeat(MAX_RECORD_BYTES - rest)}","ds":"2026-11-20"}`;
    expect(restoreRow(largest, table)).toEqual({ document: largest });
    const wide = `{"event_id":"${'é'.repeat(MAX_RECORD_BYTES / 2)}","ds":"2026-11-20"}`;
    expect(restoreRow(wide, table)).toEqual({ problem: 'It is larger than a Firehose record.' });
  });

  it('is accepted if the collector could have written it', () => {
    fc.assert(
      fc.property(
        fc.json(),
        fc.string({ minLength: 1 }),
        fc.date({ noInvalidDate: true }),
        (metadata, eventName, time) => {
          const text = `{"events":[{"eventName":${JSON.stringify(eventName)},"time":${time.getTime()},"metadata":${metadata}}]}`;
          const sender = {
            ...{ keyHash: 'k', clientTimes: [], sessionId: null, sdkType: null, sdkVersion: null },
            receivedAt: NOW,
          };
          const { documents } = collectDocuments(text, sender, collectPlan(config));
          for (const document of documents.events) {
            expect(restoreRow(document, eventsTable(config))).toEqual({ document });
          }
        },
      ),
    );
  });
});
