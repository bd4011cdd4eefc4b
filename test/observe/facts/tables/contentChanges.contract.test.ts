import { DuckDBInstance } from '@duckdb/node-api';
import { afterAll, describe, expect, it } from '@jest/globals';
import { defineConfig } from '../../../../lib/config/defineConfig.ts';
import { forwardedKinds } from '../../../../lib/schema/kinds.ts';
import { contentChangesSql, unseenSince } from '../../../../observe/facts/tables/contentChanges.ts';

const NOW = Date.UTC(2026, 10, 20, 12);
const config = defineConfig({ bucket: 'acme', unitIds: { companyID: 'company_id', teamID: 'team_id' } });

/** Rows of one kind: how many each curated day had, and when those of the last days were received. */
interface Sent {
  readonly days?: Readonly<Record<string, number>>;
  readonly received?: readonly string[];
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
} as const;

const instance = await DuckDBInstance.create(':memory:', { threads: '1' });
const connection = await instance.connect();
await connection.run('CREATE SCHEMA sluice');
await connection.run('CREATE MACRO regexp_like(a, b) AS regexp_matches(a, b)');
await connection.run(
  "CREATE TABLE sluice.experiment_groups AS SELECT 'hero' AS experiment_id, 'autotune' AS entity",
);
afterAll(() => {
  connection.closeSync();
  instance.closeSync();
});

/** What the query tells of rows of events and of exposures. */
async function changes({
  events = [],
  exposures = [],
}: {
  readonly events?: readonly Sent[];
  readonly exposures?: readonly Sent[];
}) {
  for (const [kind, sent] of Object.entries({ events, exposures })) {
    const names = Object.keys(COLUMNS);
    const texts = names.map((name) => `${name} VARCHAR`).join(', ');
    const columns = `${texts}, is_assignment BOOLEAN, ds DATE, received_at TIMESTAMP`;
    for (const table of [`curated_${kind}`, `statsig_forwarded_${kind}`])
      await connection.run(`CREATE OR REPLACE TABLE sluice.${table} (${columns})`);
    for (const { days = {}, received = [], as = {} } of sent) {
      const values = names.map((name) => {
        const text = Object.hasOwn(as, name) ? as[name] : Reflect.get(COLUMNS, name);
        return text == null ? 'NULL' : `replace('${text}', '#', CAST(i AS varchar))`;
      });
      const insert = (table: string, time: string, count: number) =>
        connection.run(
          `INSERT INTO sluice.${table} SELECT ${values.join(', ')}, true, DATE '${time.slice(0, 10)}', TIMESTAMP '${time}' FROM range(${count}) AS t(i)`,
        );
      for (const [day, count] of Object.entries(days))
        await insert(`curated_${kind}`, `${day} 10:00:00`, count);
      const counts = Map.groupBy(received, (time) => time);
      for (const [time, { length }] of counts) await insert(`statsig_forwarded_${kind}`, time, length);
    }
  }
  const answers = [];
  for (const kind of forwardedKinds)
    answers.push(await connection.runAndReadAll(contentChangesSql(config, kind, NOW)));
  const rows = answers.flatMap((answer) => answer.getRowObjects());
  return rows.map((row) => {
    const { what, kind, subject, value, label, sdk, count, whole, usual, days, newest, since } = row;
    const numbers = [count, whole, Number(Number(usual).toFixed(3)), days].map(Number);
    return [`${what} ${kind}`, subject, value, label, sdk, ...numbers, since ?? newest];
  });
}

const each = (count: number, ...days: readonly string[]) =>
  Object.fromEntries(days.map((day) => [day, count]));
const DAYS = ['2026-11-15', '2026-11-16', '2026-11-17'];
const at = (time: string, count: number) => Array.from({ length: count }, () => time);
/** Each of some hours from a time on. */
const addHours = (time: string, hours: number) =>
  new Date(Date.parse(`${time.replace(' ', 'T')}Z`) + hours * 3_600_000)
    .toISOString()
    .slice(0, 19)
    .replace('T', ' ');
const MORNING = '2026-11-20 08:00:00';
/** Twenty views, which come still. */
const views: Sent = { days: each(20, ...DAYS), received: at(MORNING, 20) };

describe('names', () => {
  const name = (event_name: string, sent: Sent): Sent => ({ ...sent, as: { event_name } });

  it('tells one that each day had and that has not come for 24 hours, with when the last came', async () => {
    const gone = name('buy', { days: each(20, ...DAYS), received: ['2026-11-19 11:59:59'] });
    const unknown = name('pay', { days: { ...each(30, ...DAYS), '2026-11-16': 25 } });
    const many = { ...views, received: at(MORNING, 40) };
    expect(await changes({ events: [many, gone, unknown] })).toEqual([
      ['event less', '', 'pay', null, null, 0, 25, 0, 3, '2026-11-17'],
      ['event less', '', 'buy', null, null, 0, 20, 0, 3, '2026-11-19 11:59:59'],
    ]);
  });

  it.each([
    {
      what: 'came within 24 hours',
      sent: name('buy', { days: each(20, ...DAYS), received: ['2026-11-19 12:00:00'] }),
    },
    { what: 'did not come on each day', sent: name('buy', { days: each(20, '2026-11-15', '2026-11-17') }) },
    { what: 'are too few to be expected of twenty', sent: name('buy', { days: each(19, ...DAYS) }) },
    { what: 'an SDK logs by itself', sent: name('statsig::identify', { days: each(20, ...DAYS) }) },
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
      ['event less', '', 'buy', null, null, 24, 192, 0, 3, '2026-11-19 09:00:00'],
    ]);
    // On each day four came of five others, and 240 others came.
    expect(await told(at(MORNING, 63))).toHaveLength(1);
    expect(await told(at(MORNING, 65))).toEqual([]);
  });

  it('tells one that came seldom for all of two days since the day after the last that is known', async () => {
    const buy = name('buy', { days: each(90, ...DAYS), received: at('2026-11-19 20:00:00', 1) });
    expect(await changes({ events: [{ days: each(90, ...DAYS), received: at(MORNING, 90) }, buy] })).toEqual([
      ['event less', '', 'buy', null, null, 1, 90, 0, 3, '2026-11-17'],
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
    { came: 181, others: 180, told: [181, 361, 0.25, 3, MORNING], what: 'which is thrice the most' },
    { came: 179, others: 178, told: null, what: 'which is less' },
    { came: 181, others: 182, told: null, what: 'and as many more of others' },
  ])(
    'tells an event that came 60 times, and comes $came times, $what: $told',
    async ({ came, others, told }) => {
      const some = { days: each(180, ...DAYS), received: at(MORNING, others) };
      const loop = name('buy', { days: each(60, ...DAYS), received: at(MORNING, came) });
      const expected = told === null ? [] : [['event more', '', 'buy', null, null, ...told]];
      expect((await changes({ events: [some, loop] })).slice(0, 1)).toEqual(expected);
    },
  );

  it('tells an SDK that comes no more, where others do, in each table', async () => {
    const as = { sdk_type: 'ios-client' };
    const ios = { as, days: each(20, ...DAYS), received: ['2026-11-19 08:00:00'] };
    expect(await changes({ events: [views, ios], exposures: [views, ios] })).toEqual([
      ['sdk less', '', 'ios-client', null, null, 0, 20, 0, 3, '2026-11-19 08:00:00'],
      ['sdk less', '', 'ios-client', null, null, 0, 20, 0, 3, '2026-11-19 08:00:00'],
    ]);
  });

  it('tells none while two days are known, or when nothing comes at all', async () => {
    const days = each(20, '2026-11-16', '2026-11-17');
    expect(await changes({ events: [{ ...views, days }, name('buy', { days })] })).toEqual([]);
    const silent = { days: each(20, ...DAYS) };
    expect(await changes({ events: [silent, name('buy', silent)] })).toEqual([]);
  });

  it('tells fifty new names at once, with one of them and the first', async () => {
    const ids = [...at('2026-11-20 09:00:00', 1), ...at(MORNING, 49)].map((time, i) =>
      name(`buy_${100 + i}`, { received: [time] }),
    );
    expect(await changes({ events: [views, ...ids] })).toEqual([
      ['event names', '', 'buy_100', null, null, 50, 51, 1, 3, MORNING],
    ]);
    expect(await changes({ events: [views, ...ids.slice(2)] })).toEqual([]);
  });
});

it.each([
  { newest: '2026-11-17', what: 'the day before the two that are read', since: '2026-11-18' },
  { newest: '2026-11-18', what: 'one of the two', since: '2026-11-19' },
  { newest: '2026-11-14', what: 'a day before others that nobody has read', since: '2026-11-18' },
])('what was there last on $newest, $what, is told since $since', ({ newest, since }) => {
  expect(unseenSince(newest, NOW)).toBe(since);
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
      ['unit more', 'js-client', 'absent', null, 'js-client 3.1.0', 14, 14, 0.2, 3, '2026-11-20 09:30:00'],
    ]);
  });

  it('tells them while the newest day is not curated yet, and not of two days', async () => {
    const early = each(20, '2026-11-14', '2026-11-15', '2026-11-16');
    const release = without('3.1.0', { received: at(MORNING, 14) });
    const told = [['unit more', 'js-client', 'absent', null, 'js-client 3.1.0', 14, 14, 0, 3, MORNING]];
    expect(await changes({ events: [{ ...views, days: early }, release] })).toEqual(told);
    const two = each(20, '2026-11-15', '2026-11-16');
    expect(await changes({ events: [{ ...views, days: two }, release] })).toEqual([]);
  });

  it('tells those of a version that had others before, since the hour in which they grew', async () => {
    const grown = without('3.0.0', {
      days: each(5, ...DAYS),
      received: [...at('2026-11-20 07:00:00', 5), ...at('2026-11-20 09:30:00', 25)],
    });
    const users = { days: each(20, ...DAYS), received: at('2026-11-20 07:00:00', 20) };
    expect(await changes({ events: [users, grown] })).toEqual([
      ['unit more', 'js-client', 'absent', null, 'js-client 3.0.0', 30, 50, 0.2, 3, '2026-11-20 09:30:00'],
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
    expect(await changes({ events: [views, as('Undefined')] })).toEqual([
      ['unit more', 'js-client', 'undefined', null, 'js-client 3.1.0', 14, 14, 0, 3, MORNING],
    ]);
    // Python's str(None), a user whom views count.
    expect(await changes({ events: [views, as('None')] })).toEqual([
      ['unit more', 'js-client', 'none', null, 'js-client 3.1.0', 14, 14, 0, 3, MORNING],
    ]);
    const parts = (await changes({ events: [views, as('4711')] })).map(([part]) => part);
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
    const row = ['idForm more', 'js-client', form, null, 'js-client 3.1.0', 10, 10, 0, 3, MORNING];
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
    const row = ['buy', 'none', null, null, 30, 40, 0, 3, MORNING];
    expect(await told(null)).toEqual([['value more', ...row]]);
    const textRow = (text: string) => ['value more', ...row.with(1, 'text').with(2, text)];
    expect(await told('12,50 EUR')).toEqual([textRow('99,99 aaa')]);
    expect(await told('-1e3')).toEqual([]);
    // DuckDB's cast takes it for a number; views do not.
    expect(await told('NaN')).toEqual([textRow('aaa')]);
  });

  it('tells a configured unit ID that is lost, and not one that no event has', async () => {
    const lost = { as: { company_id: null, sdk_version: '3.1.0' }, received: at(MORNING, 14) };
    expect(await changes({ events: [views, lost] })).toEqual([
      ['unitId more', 'js-client', 'company_id, team_id', null, 'js-client 3.1.0', 14, 14, 0, 3, MORNING],
    ]);
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
      const row = ['evaluation more', 'js-client', reason, null, 'js-client 3.1.0', 14, 14, 0, 3, MORNING];
      expect(await changes({ exposures: [views, release] })).toEqual(told ? [row] : []);
    },
  );

  it('tells an environment that comes instead of production', async () => {
    const staging = { as: { environment: 'staging' }, received: at(MORNING, 10) };
    expect(await changes({ events: [views, staging] })).toEqual([
      ['environment more', 'js-client', 'staging', null, 'js-client 3.0.0', 10, 30, 0, 3, MORNING],
    ]);
  });
});

describe('experiments', () => {
  const test = { group_id: 'rule_b', group_name: 'Test', user_id: 'v#' };

  it('tells a group that stays away while another comes, by its name', async () => {
    const gone = { as: test, days: each(20, ...DAYS), received: ['2026-11-19 07:00:00'] };
    expect(await changes({ exposures: [views, gone] })).toEqual([
      ['group less', 'checkout', 'rule_b', 'Test', null, 0, 20, 0, 3, '2026-11-19 07:00:00'],
      ['split more', 'checkout', 'rule_a', 'Control', null, 20, 20, 0.5, 3, MORNING],
    ]);
  });

  it('tells no group of an experiment that has ended, but that the experiment comes no more', async () => {
    const other = { ...views, as: { experiment_id: 'search' } };
    expect(await changes({ exposures: [other, { days: each(20, ...DAYS) }] })).toEqual([
      ['experiment less', '', 'checkout', null, null, 0, 20, 0, 3, '2026-11-17'],
    ]);
  });

  it('tells an experiment of which less than a third of the fewest came', async () => {
    const usual = { days: each(90, ...DAYS), received: at(MORNING, 90) };
    const search = { ...usual, as: { experiment_id: 'search', user_id: 's#' } };
    expect(await changes({ exposures: [search, { ...usual, received: at(MORNING, 10) }] })).toEqual([
      ['experiment less', '', 'checkout', null, null, 10, 90, 0, 3, '2026-11-17'],
    ]);
  });

  it('tells the layer of an experiment that comes no more, by which it may be left out', async () => {
    const search = { ...views, as: { experiment_id: 'search', user_id: 's#' } };
    const as = { layer_id: 'checkout_layer' };
    expect(await changes({ exposures: [search, { as, days: each(20, ...DAYS) }] })).toEqual([
      ['experiment less', '', 'checkout', 'checkout_layer', null, 0, 20, 0, 3, '2026-11-17'],
    ]);
  });

  it.each([
    { share: 'from half to 65 % of the units', of: [65, 35], told: [65, 100, 0.5, 3, MORNING] },
    { share: 'to less than 15 % more', of: [64, 36], told: null },
  ])('tells a group that grows $share: $told', async ({ of, told }) => {
    const groups = of.map((count, i) => ({
      as: i === 0 ? {} : test,
      days: each(20, ...DAYS),
      received: at(MORNING, count),
    }));
    const expected = told === null ? [] : [['split more', 'checkout', 'rule_a', 'Control', null, ...told]];
    expect(await changes({ exposures: groups })).toEqual(expected);
  });

  it('tells no share of an autotune, which changes by itself', async () => {
    const groups = [65, 35].map((count, i) => ({
      as: { ...(i === 0 ? {} : test), experiment_id: 'hero' },
      days: each(20, ...DAYS),
      received: at(MORNING, count),
    }));
    expect(await changes({ exposures: groups })).toEqual([]);
  });

  it('tells units that see several groups, which none did before', async () => {
    const others = { as: test, days: each(20, ...DAYS), received: at(MORNING, 20) };
    const times = [...at('2026-11-20 10:00:00', 10), ...at('2026-11-20 11:00:00', 10)];
    const crossed = { as: { ...test, user_id: 'u#' }, received: times };
    expect(await changes({ exposures: [views, others, crossed] })).toEqual([
      ['crossover more', 'checkout', 'several', null, null, 10, 40, 0, 3, '2026-11-20 10:00:00'],
    ]);
  });

  it('tells nothing of what views leave out, as units of testers', async () => {
    const as = { ...test, user_id: 'u#', environment: 'staging' };
    expect(await changes({ exposures: [views, { as, received: at(MORNING, 10) }] })).toEqual([]);
  });

  it('tells nothing of gates', async () => {
    const as = { exposure_type: 'gate' };
    const pass = { ...views, as };
    const fail = { as: { ...as, group_id: 'x:Fail' }, days: each(20, ...DAYS) };
    expect(await changes({ exposures: [pass, fail] })).toEqual([]);
  });
});
