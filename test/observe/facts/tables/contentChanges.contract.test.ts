import { DuckDBInstance } from '@duckdb/node-api';
import { afterAll, describe, expect, it } from '@jest/globals';
import { defineConfig } from '../../../../lib/config/defineConfig.ts';
import { forwardedKinds } from '../../../../lib/schema/kinds.ts';
import {
  changeSince,
  contentChangesOf,
  contentChangesSql,
  metadataChangesSql,
} from '../../../../observe/facts/tables/contentChanges.ts';

const NOW = Date.UTC(2026, 10, 20, 12);
const config = defineConfig({ bucket: 'acme', unitIds: { companyID: 'company_id', teamID: 'team_id' } });

/** Rows of one kind: how many each curated day had, and when those of the last days were received. */
interface Sent {
  readonly days?: Readonly<Record<string, number>>;
  readonly received?: readonly string[];
  /** The time of all events that were received; default that of their receipt. */
  readonly time?: string;
  /** The time of day of all events of the curated days; default that of their receipt. */
  readonly timeOfDays?: string;
  /** When all events of the curated days were received; default at 10:00 of the day. */
  readonly receiptOfDays?: string;
  /** Whether their sender gives no time. */
  readonly isUntimed?: true;
  /** Columns that are not as in any row; `i` in a value is the number of the row. */
  readonly as?: Readonly<Record<string, string | null>>;
}

const COLUMNS = {
  event_name: 'view',
  event_value: null,
  layer_id: null,
  experiment_id: 'checkout',
  exposure_type: 'config',
  group_id: 'rule_a',
  group_name: 'Control',
  user_id: 'u#',
  stable_id: null,
  environment: 'production',
  sdk_type: 'js-client',
  sdk_version: '3.0.0',
  company_id: 'c1',
  team_id: null,
  reason: 'Network:Recognized',
  company_metadata: null,
} as const;

const instance = await DuckDBInstance.create(':memory:', { threads: '1' });
const connection = await instance.connect();
await connection.run('CREATE SCHEMA sluice');
await connection.run('CREATE MACRO regexp_like(a, b) AS regexp_matches(a, b)');
await connection.run('CREATE MACRO to_utf8(a) AS a');
await connection.run(
  "CREATE TABLE sluice.experiment_groups AS SELECT 'hero' AS experiment_id, 'autotune' AS entity",
);
const tablesOf = (kind: string) => [`sluice.curated_${kind}`, `sluice.statsig_forwarded_${kind}`];
const names = Object.keys(COLUMNS);
const texts = names.map((name) => `${name} VARCHAR`).join(', ');
const columns = `${texts}, is_assignment BOOLEAN, ds DATE, received_at TIMESTAMP, "timestamp" TIMESTAMP, client_timestamp TIMESTAMP`;
for (const table of forwardedKinds.flatMap(tablesOf))
  await connection.run(`CREATE TABLE ${table} (${columns})`);
// Planned once: that takes longer than to answer it of a few rows. The optimizer would take tables to be as empty as they are now.
await connection.run("SET disabled_optimizers = 'statistics_propagation'");
const prepared = {
  events: await connection.prepare(contentChangesSql(config, 'events', NOW)),
  exposures: await connection.prepare(contentChangesSql(config, 'exposures', NOW)),
  metadata: await connection.prepare(metadataChangesSql(config, NOW)),
};
afterAll(() => {
  connection.closeSync();
  instance.closeSync();
});

/** SQL of the day in which the collector puts a row. */
const dayOf = (time: string, received: string) =>
  `CASE WHEN TIMESTAMP '${time}' < TIMESTAMP '${received}' - INTERVAL '7' DAY THEN DATE '${received.slice(0, 10)}' ELSE DATE '${time.slice(0, 10)}' END`;

/** What the queries tell of rows of events, of exposures, and of the metadata of rows of events. One without rows is not asked. */
async function changes({
  events = [],
  exposures = [],
  metadata = [],
}: {
  readonly events?: readonly Sent[];
  readonly exposures?: readonly Sent[];
  readonly metadata?: readonly Sent[];
}) {
  const sentOf = { events: [...events, ...metadata], exposures };
  for (const kind of forwardedKinds.filter((kind) => sentOf[kind].length > 0)) {
    for (const table of tablesOf(kind)) await connection.run(`DELETE FROM ${table}`);
    for (const row of sentOf[kind]) {
      const {
        days = {},
        received = [],
        time: sent,
        timeOfDays = '10:00:00',
        receiptOfDays,
        as = {},
        isUntimed,
      } = row;
      const values = names.map((name) => {
        const text = Object.hasOwn(as, name) ? as[name] : Reflect.get(COLUMNS, name);
        return text == null ? 'NULL' : `replace('${text}', '#', CAST(i AS varchar))`;
      });
      const insert = (table: string, received: string, count: number, time = received) => {
        const sentAt = isUntimed ? 'NULL' : `TIMESTAMP '${time}'`;
        return connection.run(
          `INSERT INTO sluice.${table} SELECT ${values.join(', ')}, true, ${dayOf(time, received)}, TIMESTAMP '${received}', TIMESTAMP '${time}', ${sentAt} FROM range(${count}) AS t(i)`,
        );
      };
      for (const [day, count] of Object.entries(days))
        await insert(`curated_${kind}`, receiptOfDays ?? `${day} 10:00:00`, count, `${day} ${timeOfDays}`);
      const counts = Map.groupBy(received, (time) => time);
      for (const [time, { length }] of counts) await insert(`statsig_forwarded_${kind}`, time, length, sent);
    }
  }
  const answers = [];
  const asked = { events, exposures, metadata };
  for (const query of ['events', 'exposures', 'metadata'] as const)
    if (asked[query].length > 0) answers.push(await prepared[query].runAndReadAll());
  const rows = answers.flatMap((answer) => answer.getRowObjects());
  return rows.map((row) => {
    const { kind, what, subject, value, label, times, sdk, count, whole, usual, mean, days, newest, since } =
      row;
    const numbers = {
      times: Number(times),
      count: Number(count),
      of: Number(whole),
      usual: Number(Number(usual).toFixed(3)),
      mean: Number(Number(mean).toFixed(3)),
      days: Number(days),
    };
    return { what: `${what} ${kind}`, subject, value, label, sdk, ...numbers, since: since ?? newest };
  });
}

type Told = Awaited<ReturnType<typeof changes>>[number];
/** A name of events that has gone, of 20 on a usual day. */
const gone = (what: string, value: string, more: Partial<Told> = {}): Told => ({
  what: `${what} less`,
  subject: '',
  value,
  label: null,
  times: 0,
  sdk: null,
  count: 0,
  of: 20,
  usual: 0,
  mean: 0,
  days: 3,
  since: '2026-11-17',
  ...more,
});
/** What is new of the rows of a version of an SDK: all of 14. */
const grown = (what: string, value: string | null, more: Partial<Told> = {}): Told => ({
  ...gone(what, ''),
  what: `${what} more`,
  subject: 'js-client',
  value,
  sdk: 'js-client 3.1.0',
  count: 14,
  of: 14,
  since: MORNING,
  ...more,
});

const each = (count: number, ...days: readonly string[]) =>
  Object.fromEntries(days.map((day) => [day, count]));
const DAYS = ['2026-11-15', '2026-11-16', '2026-11-17'];
const TWENTY = each(20, ...DAYS);
const at = (time: string, count: number) => Array.from({ length: count }, () => time);
/** Each of some hours from a time on. */
const addHours = (time: string, hours: number) =>
  new Date(Date.parse(`${time.replace(' ', 'T')}Z`) + hours * 3_600_000)
    .toISOString()
    .slice(0, 19)
    .replace('T', ' ');
const MORNING = '2026-11-20 08:00:00';
/** Twenty views, which come still. */
const views: Sent = { days: TWENTY, received: at(MORNING, 20) };

describe('names', () => {
  const name = (event_name: string, sent: Sent): Sent => ({ ...sent, as: { event_name } });

  it('tells one that each day had and that has not come for 24 hours, with when the last came', async () => {
    const left = name('buy', { days: TWENTY, received: ['2026-11-19 11:59:59'] });
    const unknown = name('pay', { days: { ...each(30, ...DAYS), '2026-11-16': 25 } });
    const many = { ...views, received: at(MORNING, 40) };
    expect(await changes({ events: [many, left, unknown] })).toEqual([
      gone('event', 'pay', { of: 25 }),
      gone('event', 'buy', { since: '2026-11-19 11:59:59' }),
    ]);
  });

  it.each([
    {
      what: 'came within 24 hours',
      sent: name('buy', { days: TWENTY, received: ['2026-11-19 12:00:00'] }),
    },
    { what: 'did not come on each day', sent: name('buy', { days: each(20, '2026-11-15', '2026-11-17') }) },
    { what: 'are too few to be expected of twenty', sent: name('buy', { days: each(19, ...DAYS) }) },
    { what: 'an SDK logs by itself', sent: name('statsig::identify', { days: TWENTY }) },
  ])('tells no events that $what', async ({ sent }) => {
    expect(await changes({ events: [views, sent] })).toEqual([]);
  });

  it('tells one of which less than a third of the fewest came, since the hour in which it fell', async () => {
    const days = { ...each(240, ...DAYS), '2026-11-16': 192 };
    const hours = Array.from({ length: 33 }, (_, i) => at(addHours('2026-11-18 00:10:00', i), 8)).flat();
    const rest = Array.from({ length: 27 }, (_, i) => addHours('2026-11-19 09:20:00', i)).flat();
    const some = { ...views, days: each(240, ...DAYS), received: at(MORNING, 240) };
    const told = (received: readonly string[]) =>
      changes({ events: [some, name('buy', { days, received })] });
    expect(await told([...hours, ...rest])).toEqual([
      gone('event', 'buy', { count: 24, of: 192, since: '2026-11-19 09:00:00' }),
    ]);
    // On each day four came of five others, and 240 others came.
    expect(await told(at(MORNING, 63))).toHaveLength(1);
    expect(await told(at(MORNING, 65))).toEqual([]);
  });

  it('tells one that came seldom for all of two days since the day after the last that is known', async () => {
    const buy = name('buy', { days: each(90, ...DAYS), received: at('2026-11-19 20:00:00', 1) });
    expect(await changes({ events: [{ days: each(90, ...DAYS), received: at(MORNING, 90) }, buy] })).toEqual([
      gone('event', 'buy', { count: 1, of: 90 }),
    ]);
    expect(
      await changes({
        events: [
          { days: each(90, ...DAYS), received: at(MORNING, 20) },
          name('buy', { days: each(90, ...DAYS), received: at(MORNING, 1) }),
        ],
      }),
    ).toEqual([]);
  });

  it.each([
    { came: 181, others: 180, isTold: true, what: 'which is thrice the most' },
    { came: 179, others: 178, isTold: false, what: 'which is less' },
    { came: 181, others: 182, isTold: false, what: 'and as many more of others' },
  ])(
    'tells an event that came 60 times, and comes $came times, $what: $isTold',
    async ({ came, others, isTold }) => {
      const some = { days: each(180, ...DAYS), received: at(MORNING, others) };
      const loop = name('buy', { days: each(60, ...DAYS), received: at(MORNING, came) });
      const told = { what: 'event more', count: 181, of: 361, usual: 0.25, since: MORNING };
      expect((await changes({ events: [some, loop] })).slice(0, 1)).toEqual(
        isTold ? [gone('event', 'buy', told)] : [],
      );
    },
  );

  it('tells an SDK that comes no more, where others do, in each table', async () => {
    const as = { sdk_type: 'ios-client' };
    const ios = { as, days: TWENTY, received: ['2026-11-19 08:00:00'] };
    expect(await changes({ events: [views, ios], exposures: [views, ios] })).toEqual([
      gone('sdk', 'ios-client', { since: '2026-11-19 08:00:00' }),
      gone('sdk', 'ios-client', { since: '2026-11-19 08:00:00' }),
    ]);
  });

  it.each([
    { time: '2026-11-13 08:00:00', what: 'the first day that the window may have' },
    { time: '2026-11-21 08:00:00', what: 'the day after' },
  ])('counts what was received with a time of $what', async ({ time }) => {
    const as = { event_name: 'buy', sdk_type: 'ios-client' };
    const late = { as, days: TWENTY, received: at(MORNING, 20), time };
    const told = await changes({ events: [views, late] });
    expect(told.filter(({ what }) => what.endsWith(' less'))).toEqual([]);
    const search = { ...late, as: { experiment_id: 'search', user_id: 's#' } };
    expect(await changes({ exposures: [views, search] })).toEqual([]);
  });

  it('tells none while two days are known, or when nothing comes at all', async () => {
    const days = each(20, '2026-11-16', '2026-11-17');
    expect(await changes({ events: [{ ...views, days }, name('buy', { days })] })).toEqual([]);
    const silent = { days: TWENTY };
    expect(await changes({ events: [silent, name('buy', silent)] })).toEqual([]);
  });

  it('tells fifty new names at once, with one of them and the first', async () => {
    const ids = [...at('2026-11-20 09:00:00', 1), ...at(MORNING, 49)].map((time, i) =>
      name(`buy_${100 + i}`, { received: [time] }),
    );
    expect(await changes({ events: [views, ...ids] })).toEqual([
      gone('event', 'buy_100', { what: 'event names', count: 50, of: 51, usual: 1, since: MORNING }),
    ]);
    expect(await changes({ events: [views, ...ids.slice(2)] })).toEqual([]);
  });
});

it.each([
  {
    told: { newest: '2026-11-17' },
    what: 'was there last on the day before the two that are read',
    since: '2026-11-18',
  },
  { told: { newest: '2026-11-18' }, what: 'was there last on one of the two', since: '2026-11-19' },
  {
    told: { newest: '2026-11-14' },
    what: 'was there last before days that nobody has read',
    since: '2026-11-18',
  },
  {
    told: { since: '2026-11-20 11:00:00.000' },
    what: 'fell in an hour that is over',
    since: '2026-11-20T11:00:00.000Z',
  },
  {
    told: { since: '2026-11-20 13:00:00.000' },
    what: 'fell in this hour',
    since: '2026-11-20T12:00:00.000Z',
  },
])('what $what is told since $since', ({ told, since }) => {
  expect(changeSince(told, NOW)).toBe(since);
});

it('gives sizes as numbers in place of their logarithms, and events from before the window apart', () => {
  const row = {
    subject: 'buy',
    value: 'js-client',
    label: null,
    times: '0',
    sdk: 'js-client 3',
    count: '20',
    whole: '20',
    days: '3',
    newest: '2026-11-17',
    since: '2026-11-20 09:10:00.000',
  };
  const amount = { ...row, what: 'amount', kind: 'other', usual: '1', mean: '3' };
  const repeats = { ...row, what: 'repeats', kind: 'other', usual: '0.04', mean: '1' };
  const old = {
    ...row,
    what: 'age',
    kind: 'earlier',
    subject: '',
    value: 'renewal',
    sdk: '',
    usual: '7.5',
    mean: '30',
  };
  const change = {
    table: 'events',
    kind: 'other',
    subject: 'buy',
    value: 'js-client',
    label: null,
    times: 0,
    sdk: 'js-client 3',
    count: 20,
    of: 20,
    days: 3,
    since: '2026-11-20T09:10:00.000Z',
  };
  expect(contentChangesOf([old, amount, repeats], 'events', NOW)).toEqual({
    changes: [
      { ...change, what: 'amount', usual: 10, mean: 1000 },
      { ...change, what: 'repeats', usual: 0.04, mean: 0 },
    ],
    earlier: [{ name: 'renewal', sdk: null, count: 20, leastDays: 7.5, mostDays: 30 }],
  });
});

describe('shares of an SDK', () => {
  const without = (sdk_version: string, sent: Sent): Sent => ({
    ...sent,
    as: { user_id: null, sdk_version },
  });

  it('tells events without a user of a new version, since the first of them', async () => {
    const usual = without('3.0.0', { days: each(5, ...DAYS), received: at(MORNING, 5) });
    const release = without('3.1.0', { received: [...at('2026-11-20 09:30:00', 13), '2026-11-20 10:00:00'] });
    expect(await changes({ events: [views, usual, release] })).toEqual([
      grown('unit', 'absent', { usual: 0.2, since: '2026-11-20 09:30:00' }),
    ]);
  });

  it('tells them while the newest day is not curated yet, and not of two days', async () => {
    const early = each(20, '2026-11-14', '2026-11-15', '2026-11-16');
    const release = without('3.1.0', { received: at(MORNING, 14) });
    const told = [grown('unit', 'absent')];
    expect(await changes({ events: [{ ...views, days: early }, release] })).toEqual(told);
    const two = each(20, '2026-11-15', '2026-11-16');
    expect(await changes({ events: [{ ...views, days: two }, release] })).toEqual([]);
  });

  it('tells those of a version that had others before, since the hour in which they grew', async () => {
    const more = without('3.0.0', {
      days: each(5, ...DAYS),
      received: [...at('2026-11-20 07:00:00', 5), ...at('2026-11-20 09:30:00', 25)],
    });
    const users = { days: TWENTY, received: at('2026-11-20 07:00:00', 20) };
    expect(await changes({ events: [users, more] })).toEqual([
      grown('unit', 'absent', {
        sdk: 'js-client 3.0.0',
        count: 30,
        of: 50,
        usual: 0.2,
        since: '2026-11-20 09:30:00',
      }),
    ]);
  });

  it.each([
    {
      what: 'a version that always sends so',
      events: [views, without('2.0.0', { days: each(40, ...DAYS), received: at(MORNING, 40) })],
    },
    {
      what: 'a new version of a part of the app whose users are never known',
      events: [
        views,
        without('2.0.0', { days: each(40, ...DAYS) }),
        without('2.0.1', { received: at(MORNING, 40) }),
      ],
    },
    { what: 'nine events', events: [views, without('3.1.0', { received: at(MORNING, 9) })] },
    {
      what: 'an SDK that is new itself',
      events: [views, { as: { user_id: null, sdk_type: 'py-server' }, received: at(MORNING, 40) }],
    },
  ])('does not tell $what', async ({ events }) => {
    expect(await changes({ events })).toEqual([]);
  });

  it('tells a text that is no user, and not the numbers that are some', async () => {
    const as = (user_id: string) => ({ as: { user_id, sdk_version: '3.1.0' }, received: at(MORNING, 14) });
    expect(await changes({ events: [views, as('Undefined')] })).toEqual([grown('unit', 'undefined')]);
    // Python's str(None), a user whom views count.
    expect(await changes({ events: [views, as('None')] })).toEqual([grown('unit', 'none')]);
    const parts = (await changes({ events: [views, as('4711')] })).map(({ what }) => what);
    expect(parts).toEqual(['idForm more']);
  });

  it.each([
    { user_id: 'ada#@example.com', form: 'e-mail addresses' },
    { user_id: '4711#', form: 'digits alone' },
    { user_id: '0B8F6C9E-1111-4222-8333-0000000000#', form: 'other texts' },
    { user_id: '0B8F6C9E-1111-4222-8333-00000000000#', form: 'UUIDs' },
    { user_id: '9e107d9d372bb6826bd81d3542a419d#', form: 'hexadecimal digests' },
    { user_id: 'user_#', form: '"user_" with digits' },
    { user_id: 'us1#', form: '"us" with digits' },
    { user_id: 'bob1#', form: 'other texts' },
    { user_id: 'ada', form: 'other texts' },
    { user_id: 'u-and-more#', form: 'other texts' },
    { user_id: 'u1#', form: null },
  ])('tells user IDs as $user_id, where others were $form', async ({ user_id, form }) => {
    const written = { as: { user_id, sdk_version: '3.1.0' }, received: at(MORNING, 10) };
    const row = grown('idForm', form, { count: 10, of: 10 });
    expect(await changes({ events: [views, written] })).toEqual(form === null ? [] : [row]);
  });

  it.each([
    { before: [1, 19], now: [10, 30], told: false, what: 'that were a twentieth before' },
    { before: [1, 20], now: [13, 39], told: true, what: 'that were less before, and are a quarter' },
    { before: [1, 20], now: [12, 36], told: false, what: 'that are less than ten above their share' },
    { before: [1, 20], now: [13, 40], told: false, what: 'that are less than a quarter' },
    { before: [0, 20], now: [9, 3], told: false, what: 'of nine events' },
  ])('tells user IDs of another form $what: $told', async ({ before, now, told }) => {
    const sent = ['ada#@example.com', 'u#'].map((user_id, i) => ({
      as: { user_id },
      days: each(before[i] ?? 0, ...DAYS),
      received: at(MORNING, now[i] ?? 0),
    }));
    expect((await changes({ events: sent })).length > 0).toBe(told);
  });

  it('tells values that are lost, or are no numbers any more, by the name of the event', async () => {
    const buy = (event_value: string | null, sent: Sent) => ({
      ...sent,
      as: { event_name: 'buy', event_value },
    });
    const usual = buy('12.5', { days: each(40, ...DAYS), received: at('2026-11-20 07:00:00', 10) });
    const told = (text: string | null) =>
      changes({ events: [views, usual, buy(text, { received: at(MORNING, 30) })] });
    const row = (value: string, label: string | null = null) => [
      grown('value', value, { subject: 'buy', label, sdk: null, count: 30, of: 40 }),
    ];
    expect(await told(null)).toEqual(row('none'));
    expect(await told('12,50 EUR')).toEqual(row('text', '99,99 aaa'));
    expect(await told('-1e3')).toEqual([]);
    // DuckDB's cast takes it for a number; views do not.
    expect(await told('NaN')).toEqual(row('text', 'aaa'));
  });

  it('tells a configured unit ID that is lost, and not one that no event has', async () => {
    const lost = { as: { company_id: null, sdk_version: '3.1.0' }, received: at(MORNING, 14) };
    expect(await changes({ events: [views, lost] })).toEqual([grown('unitId', 'company_id, team_id')]);
  });

  it.each([
    { reason: 'NoValues', told: true },
    { reason: 'Network:Unrecognized', told: true },
    { reason: 'Bootstrap:Recognized', told: false },
    { reason: null, told: false },
  ])(
    'tells exposures that have the reason $reason in place of an evaluation: $told',
    async ({ reason, told }) => {
      const release = { as: { reason, sdk_version: '3.1.0' }, received: at(MORNING, 14) };
      const row = grown('evaluation', reason);
      expect(await changes({ exposures: [views, release] })).toEqual(told ? [row] : []);
    },
  );

  const FROZEN = '2026-11-19 09:00:00';
  const frozen = (received: readonly string[], time = FROZEN, sdk_version = '3.1.0'): Sent => ({
    as: { sdk_version },
    received,
    time,
  });
  it.each([
    {
      what: 'all of a new version have one time',
      sent: [frozen(at(MORNING, 14))],
      told: { label: FROZEN, times: 1 },
    },
    {
      what: 'those of two processes have each its own',
      sent: [frozen(at(MORNING, 10)), frozen(at(MORNING, 12), `${FROZEN}.25`)],
      told: { label: `${FROZEN}.25`, times: 2, count: 22, of: 22 },
    },
    {
      what: 'those of ten processes have one of several hours each',
      sent: Array.from({ length: 10 }, (_, i) =>
        frozen(at(`2026-11-20 0${i}:59:00`, i === 3 ? 12 : 10), `2026-11-19 0${i}:00:00`),
      ),
      told: { label: '2026-11-19 03:00:00', times: 10, count: 102, of: 102, since: '2026-11-20 00:59:00' },
    },
    {
      what: 'some hours of a known version have one',
      sent: ['07', '08', '09', '10'].map((hour) =>
        frozen(at(`2026-11-20 ${hour}:10:00`, 4), FROZEN, '3.0.0'),
      ),
      told: {
        label: FROZEN,
        times: 1,
        sdk: 'js-client 3.0.0',
        count: 16,
        of: 36,
        since: '2026-11-20 07:10:00',
      },
    },
    {
      what: 'they lie in a day that was curated with them',
      sent: [
        { ...frozen(at(MORNING, 14), '2026-11-16 09:00:00'), days: {} },
        {
          ...frozen([]),
          days: each(60, '2026-11-16'),
          timeOfDays: '09:00:00',
          receiptOfDays: '2026-11-19 10:00:00',
        },
      ],
      told: { label: '2026-11-16 09:00:00', times: 1 },
    },
  ])(
    'tells events that have the exact time of others long before they came: $what',
    async ({ sent, told }) => {
      expect(await changes({ events: [views, ...sent] })).toEqual([grown('time', 'one', told)]);
    },
  );

  it.each([
    { what: 'nine of one time', sent: [frozen(at(MORNING, 9))] },
    {
      what: 'nine of each of three times, as of phones that were offline',
      sent: ['07', '08', '09'].map((hour) => frozen(at(MORNING, 9), `2026-11-19 ${hour}:00:00`)),
    },
    {
      what: 'midnights of the day that a job has always sent',
      sent: [
        { days: TWENTY, received: at(MORNING, 20), time: '2026-11-20 00:00:00', timeOfDays: '00:00:00' },
      ],
    },
    {
      what: 'midnights of the day before that a job has always sent',
      sent: ['2026-11-14', '2026-11-15', '2026-11-16'].map(
        (day, i): Sent => ({
          days: each(20, day),
          timeOfDays: '00:00:00',
          receiptOfDays: `2026-11-1${5 + i} 10:00:00`,
          received: i === 0 ? at(MORNING, 20) : [],
          time: '2026-11-19 00:00:00',
        }),
      ),
    },
  ])('tells no time of $what', async ({ sent }) => {
    expect(await changes({ events: [views, ...sent] })).toEqual([]);
  });

  it('tells an environment that comes instead of production', async () => {
    const staging = { as: { environment: 'staging' }, received: at(MORNING, 10) };
    expect(await changes({ events: [views, staging] })).toEqual([
      grown('environment', 'staging', { sdk: 'js-client 3.0.0', count: 10, of: 30 }),
    ]);
  });
});

describe('numbers of events', () => {
  /** Rows of one event: twenty each day, and ten in each of two hours. */
  const buy = (as: Sent['as'], more: Partial<Sent> = {}): Sent => ({
    ...more,
    as: { event_name: 'buy', ...as },
  });
  const hours = (count: number, minute = '10:00') =>
    ['09', '10'].flatMap((hour) => at(`2026-11-20 ${hour}:${minute}`, count));
  const twoHours = { received: hours(10) };
  /** What is told of them. */
  const other = (what: string, more: Partial<Told>): Told =>
    gone('', 'js-client', {
      what: `${what} other`,
      subject: 'buy',
      sdk: 'js-client 3.0.0',
      count: 20,
      since: '2026-11-20 09:10:00',
      ...more,
    });
  /** What is told of an event of each case, asked at once: the name of its event is what the case is. */
  function toldOf(
    cases: readonly { readonly what: string; readonly sent: readonly Sent[] }[],
    query: 'events' | 'metadata' = 'metadata',
  ) {
    const named = cases.flatMap(({ what, sent }) =>
      sent.map((row): Sent => ({ ...row, as: { ...row.as, event_name: what } })),
    );
    let asked: ReturnType<typeof changes> | undefined;
    return async (what: string) => {
      asked ??= changes({ [query]: [views, ...named] });
      const all = await asked;
      return all
        .filter((row) => row.subject === what && row.what.endsWith(' other'))
        .map((row) => ({ ...row, subject: 'buy' }));
    };
  }

  const before = buy({ event_value: '20' }, { days: TWENTY });
  const wide = ['1', '10000'].map((event_value) => buy({ event_value }, { days: each(10, ...DAYS) }));
  const otherValues = [
    {
      what: '100 times as large of a new version',
      sent: [before, buy({ event_value: '2000', sdk_version: '3.1.0' }, twoHours)],
      row: { sdk: 'js-client 3.1.0' },
    },
    {
      what: '100 times as large since some hours of a day',
      sent: [
        before,
        buy({ event_value: '20' }, { received: at('2026-11-20 07:10:00', 90) }),
        buy({ event_value: '2000' }, twoHours),
      ],
      row: {},
    },
    { what: 'a hundredth', sent: [before, buy({ event_value: '-0.2' }, twoHours)], row: { mean: -0.699 } },
  ];
  const toldOfValues = toldOf(otherValues, 'events');
  it.each(otherValues)(
    'tells values that are $what, since the first hour of these',
    async ({ what, row }) => {
      expect(await toldOfValues(what)).toEqual([other('amount', { usual: 1.301, mean: 3.301, ...row })]);
    },
  );

  const usualValues = [
    { what: 'six times as large', sent: [before, buy({ event_value: '120' }, twoHours)] },
    {
      what: '100 times as large nineteen times',
      sent: [before, buy({ event_value: '2000' }, { received: hours(10).slice(1) })],
    },
    {
      what: '100 times as large in one hour',
      sent: [before, buy({ event_value: '2000' }, { received: at(MORNING, 20) })],
    },
    {
      what: '100 times as large and are the usual ones again',
      sent: [
        before,
        buy({ event_value: '2000' }, twoHours),
        buy({ event_value: '20' }, { received: at('2026-11-20 11:10:00', 5) }),
      ],
    },
    {
      what: 'those of another version before',
      sent: [
        before,
        buy({ event_value: '2000', sdk_version: '2.0.0' }, { days: TWENTY }),
        buy({ event_value: '2000', sdk_version: '3.1.0' }, twoHours),
      ],
    },
    {
      what: 'those of a job at night before',
      sent: [
        before,
        buy({ event_value: '2000' }, { ...twoHours, days: each(5, ...DAYS), timeOfDays: '02:00:00' }),
      ],
    },
    { what: 'one of two kinds', sent: [...wide, buy({ event_value: '10000' }, twoHours)] },
    {
      what: 'texts sometimes',
      sent: [
        before,
        buy({ event_value: 'A1' }, { days: each(2, ...DAYS) }),
        buy({ event_value: '2000' }, twoHours),
      ],
    },
    {
      what: '100 times as large as those of three versions on two days',
      sent: ['1', '2', '3']
        .map((sdk_version) =>
          buy({ event_value: '20', sdk_version }, { days: each(20, '2026-11-16', '2026-11-17') }),
        )
        .concat(
          buy({ event_value: '20' }, { days: each(5, '2026-11-15') }),
          buy({ event_value: '2000' }, twoHours),
        ),
    },
    { what: 'of no size', sent: [before, buy({ event_value: '0' }, twoHours)] },
  ];
  const toldOfUsualValues = toldOf(usualValues, 'events');
  it.each(usualValues)('tells no values that are $what', async ({ what }) => {
    expect(await toldOfUsualValues(what)).toEqual([]);
  });

  const metadata = (length: number | null, more: Partial<Sent>) =>
    buy({ company_metadata: length === null ? null : 'x'.repeat(length) }, more);
  const sizes = [
    { was: 15, is: 20_800, row: { usual: 1.176, mean: 4.318 } },
    { was: null, is: 1_001, row: { usual: 0, mean: 3 } },
    { was: 15, is: 999, row: null },
    { was: 400, is: 2_400, row: null },
    { was: 60_000, is: 8_000, row: null },
  ].map(({ was, is, row }) => ({
    what: `${is} characters, where it had ${was ?? 'none'}`,
    sent: [metadata(was, { days: TWENTY }), metadata(is, twoHours)],
    told: row === null ? [] : [other('size', row)],
  }));
  const toldOfSizes = toldOf(sizes);
  it.each(sizes)('tells metadata of $what in $told.length findings', async ({ what, told }) => {
    expect(await toldOfSizes(what)).toEqual(told);
  });

  const once = buy({}, { days: TWENTY });
  const first = buy({}, { received: hours(10, '10:00.2') });
  const again = (as: Sent['as'], minute = '10:00.207') => buy(as, { received: hours(10, minute) });
  /** The same events in another request. */
  const resent = (time: string) =>
    ['09', '10'].map((hour) =>
      buy({}, { received: at(`2026-11-20 ${hour}:12:00`, 10), time: `2026-11-20 ${hour}:${time}` }),
    );
  const twice: readonly { what: string; sent: Sent[]; more?: Partial<Told> }[] = [
    { what: 'some ms apart', sent: [first, again({})] },
    {
      what: 'across a full second',
      sent: [buy({}, { received: hours(10, '09:59.999') }), again({}, '10:00.2')],
      more: { since: '2026-11-20 09:09:59.999' },
    },
    { what: 'at the same time in one request', sent: [first, first] },
    {
      what: 'of a new version',
      sent: [first, again({})].map(({ as, ...sent }) => ({ ...sent, as: { ...as, sdk_version: '3.1.0' } })),
      more: { sdk: 'js-client 3.1.0' },
    },
    {
      what: 'in a request that is sent again',
      sent: [first, again({}), ...resent('10:00.2'), ...resent('10:00.207')],
    },
  ];
  const withDays = (cases: typeof twice) => cases.map(({ what, sent }) => ({ what, sent: [once, ...sent] }));
  const toldOfTwice = toldOf(withDays(twice));
  it.each(twice)('tells events of a user that come twice, $what', async ({ what, more }) => {
    const row = { since: '2026-11-20 09:10:00.2', mean: 1, ...more };
    expect(await toldOfTwice(what)).toEqual([other('repeats', row)]);
  });

  const notTwice: typeof twice = [
    { what: 'a second apart', sent: [first, again({}, '10:01.2')] },
    { what: 'with other metadata', sent: [first, again({ company_metadata: '{"item":2}' })] },
    { what: 'with another value', sent: [first, again({ event_value: '2' })] },
    { what: 'of two devices', sent: [first, again({ stable_id: 'd2' })] },
    { what: 'in a request that is sent again', sent: [first, ...resent('10:00.2')] },
    {
      what: 'at the times of their receipt',
      sent: [first, again({})].map((sent): Sent => ({ ...sent, isUntimed: true })),
    },
    {
      what: 'for nine of twenty users',
      sent: [
        first,
        buy({}, { received: ['09', '10'].flatMap((hour, i) => at(`2026-11-20 ${hour}:10:00.207`, 4 + i)) }),
      ],
    },
    {
      what: 'as long as a key is held down',
      sent: Array.from({ length: 80 }, (_, i) =>
        buy(
          { user_id: 'one' },
          { received: [`2026-11-20 ${i % 2 === 0 ? '09' : '10'}:10:${(10 + i / 4).toFixed(2)}`] },
        ),
      ).concat(first),
    },
    {
      what: 'of nobody',
      sent: [0, 1].map(() => buy({ user_id: null, event_value: '#' }, { received: hours(10) })),
    },
    { what: 'as they did before', sent: [buy({}, { days: each(2, ...DAYS) }), first, again({})] },
    {
      what: 'hours after their one time',
      sent: ['09', '10', '09', '10'].map((hour) =>
        buy(
          { user_id: `${hour}-#` },
          { received: at(`2026-11-20 ${hour}:10:00`, 10), time: '2026-11-19 09:00:00' },
        ),
      ),
    },
  ];
  const toldOfNotTwice = toldOf(withDays(notTwice));
  it.each(notTwice)('tells no events as coming twice that come $what', async ({ what }) => {
    expect(await toldOfNotTwice(what)).toEqual([]);
  });
});

describe('events from before the time window', () => {
  const renewals = (sdk_type: string, more: Partial<Sent>): Sent => ({
    ...more,
    as: { event_name: 'renewal', sdk_type },
  });
  const usual = renewals('py-server', { days: each(10, ...DAYS) });
  /** So many rows, of which no ten have one time. */
  const old = (count: number, time: string, sdk_type = 'py-server') =>
    Array.from({ length: Math.ceil(count / 9) }, (_, i) =>
      renewals(sdk_type, { received: at(MORNING, Math.min(9, count - 9 * i)), time: `${time}.${10 + i}` }),
    );
  /** As it is told of one SDK. */
  const earlier = (more: Partial<Told>): Told =>
    gone('age', 'renewal', { what: 'age earlier', sdk: 'py-server 3.0.0', since: MORNING, ...more });

  it('are told by name and SDK with the least and the most days, and as no growth of their name or SDK', async () => {
    const events = [views, usual, ...old(60, '2026-10-21 08:00:00'), ...old(5, '2026-11-12 20:00:00')];
    expect(await changes({ events: [...events, ...old(3, '2026-11-13 02:00:00', 'py-job')] })).toEqual([
      earlier({ count: 65, of: 65, usual: 7.5, mean: 30, days: 0 }),
      earlier({ sdk: 'py-job 3.0.0', count: 3, of: 3, usual: 7.25, mean: 7.25, days: 0 }),
    ]);
  });

  it('are none of those that the window has, nor with a time before the year 2000', async () => {
    const events = [...old(5, '2026-11-13 08:00:00'), ...old(5, '1999-12-31 23:59:59')];
    expect(await changes({ events: [views, ...events] })).toEqual([]);
  });

  it('leave growth of others of their name to be told, with its own number', async () => {
    const loop = renewals('py-server', { received: at(MORNING, 60) });
    const told = await changes({ events: [views, usual, ...old(600, '2026-10-21 08:00:00'), loop] });
    expect(told.filter(({ what }) => what === 'event more')).toEqual([
      gone('', 'renewal', { what: 'event more', count: 60, of: 80, usual: 0.333, since: MORNING }),
    ]);
  });
});

describe('experiments', () => {
  const test = { group_id: 'rule_b', group_name: 'Test', user_id: 'v#' };
  /** The share of the first group, which was half. */
  const split = (more: Partial<Told>) =>
    gone('', 'rule_a', {
      what: 'split more',
      subject: 'checkout',
      label: 'Control',
      usual: 0.5,
      since: MORNING,
      ...more,
    });

  it('tells a group that stays away while another comes, by its name', async () => {
    const left = { as: test, days: TWENTY, received: ['2026-11-19 07:00:00'] };
    expect(await changes({ exposures: [views, left] })).toEqual([
      gone('group', 'rule_b', { subject: 'checkout', label: 'Test', since: '2026-11-19 07:00:00' }),
      split({ count: 20, of: 20 }),
    ]);
  });

  it('tells no group of an experiment that has ended, but that the experiment comes no more', async () => {
    const other = { ...views, as: { experiment_id: 'search' } };
    expect(await changes({ exposures: [other, { days: TWENTY }] })).toEqual([gone('experiment', 'checkout')]);
  });

  it('tells an experiment of which less than a third of the fewest came', async () => {
    const usual = { days: each(90, ...DAYS), received: at(MORNING, 90) };
    const search = { ...usual, as: { experiment_id: 'search', user_id: 's#' } };
    expect(await changes({ exposures: [search, { ...usual, received: at(MORNING, 10) }] })).toEqual([
      gone('experiment', 'checkout', { count: 10, of: 90 }),
    ]);
  });

  it('tells the layer of an experiment that comes no more, by which it may be left out', async () => {
    const search = { ...views, as: { experiment_id: 'search', user_id: 's#' } };
    const as = { layer_id: 'checkout_layer' };
    expect(await changes({ exposures: [search, { as, days: TWENTY }] })).toEqual([
      gone('experiment', 'checkout', { label: 'checkout_layer' }),
    ]);
  });

  it.each([
    { share: 'from half to 65 % of the units', of: [65, 35], told: [split({ count: 65, of: 100 })] },
    { share: 'to less than 15 % more', of: [64, 36], told: [] },
  ])('tells a group that grows $share: $told', async ({ of, told }) => {
    const groups = of.map((count, i) => ({
      as: i === 0 ? {} : test,
      days: TWENTY,
      received: at(MORNING, count),
    }));
    expect(await changes({ exposures: groups })).toEqual(told);
  });

  it('tells no share of an autotune, which changes by itself', async () => {
    const groups = [65, 35].map((count, i) => ({
      as: { ...(i === 0 ? {} : test), experiment_id: 'hero' },
      days: TWENTY,
      received: at(MORNING, count),
    }));
    expect(await changes({ exposures: groups })).toEqual([]);
  });

  it('tells units that see several groups, which none did before', async () => {
    const others = { as: test, days: TWENTY, received: at(MORNING, 20) };
    const times = [...at('2026-11-20 10:00:00', 10), ...at('2026-11-20 11:00:00', 10)];
    const crossed = { as: { ...test, user_id: 'u#' }, received: times };
    expect(await changes({ exposures: [views, others, crossed] })).toEqual([
      split({
        what: 'crossover more',
        value: 'several',
        label: null,
        count: 10,
        of: 40,
        usual: 0,
        since: '2026-11-20 10:00:00',
      }),
    ]);
  });

  it('tells nothing of what views leave out, as units of testers', async () => {
    const as = { ...test, user_id: 'u#', environment: 'staging' };
    expect(await changes({ exposures: [views, { as, received: at(MORNING, 10) }] })).toEqual([]);
  });

  it('tells nothing of gates', async () => {
    const as = { exposure_type: 'gate' };
    const pass = { ...views, as };
    const fail = { as: { ...as, group_id: 'x:Fail' }, days: TWENTY };
    expect(await changes({ exposures: [pass, fail] })).toEqual([]);
  });
});
