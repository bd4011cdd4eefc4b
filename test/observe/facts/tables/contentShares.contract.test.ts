import { describe, expect, it } from '@jest/globals';
import {
  addHours,
  at,
  DAYS,
  each,
  MORNING,
  type Sent,
  type Told,
  TWENTY,
  told,
  toldOf,
  toldOfVersion,
  views,
} from './contentTables.ts';

// What is told of shares of what an SDK sends, or of the events of a name. The new version of views is 3.1.0.

describe('events without a user', () => {
  const without = (sdk_version: string, sent: Sent): Sent => ({
    ...sent,
    as: { user_id: null, sdk_version },
  });
  const absent = (row: Partial<Told>) => toldOfVersion({ part: 'unit', value: 'absent', ...row });

  it('are told of a new version, since the first of them', async () => {
    const usual = without('3.0.0', { days: each(5, ...DAYS), received: at(MORNING, 5) });
    const release = without('3.1.0', { received: [...at('2026-11-20 09:30:00', 13), '2026-11-20 10:00:00'] });
    expect(await toldOf({ events: [views, usual, release] })).toEqual([
      absent({ usual: 0.2, since: '2026-11-20 09:30:00' }),
    ]);
  });

  it.each([
    { what: 'within the 24 hours', receiptOfDays: '2026-11-19 12:00:00', isTold: true },
    { what: 'before them', receiptOfDays: '2026-11-19 11:59:59', isTold: false },
  ])(
    'are told beside late ones of curated days that came $what: $isTold',
    async ({ receiptOfDays, isTold }) => {
      const late = without('3.1.0', { days: TWENTY, receiptOfDays, received: at(MORNING, 30) });
      const rows = await toldOf({ events: [views, late] });
      expect(rows.map(({ part, usual }) => [part, usual])).toEqual(isTold ? [['unit', 0]] : []);
    },
  );

  it('are told while the newest day is not curated yet', async () => {
    const days = each(20, '2026-11-14', '2026-11-15', '2026-11-16');
    const release = without('3.1.0', { received: at(MORNING, 14) });
    expect(await toldOf({ events: [{ ...views, days }, release] })).toEqual([absent({})]);
  });

  it('are not told while only two days are known', async () => {
    const days = each(20, '2026-11-15', '2026-11-16');
    const release = without('3.1.0', { received: at(MORNING, 14) });
    expect(await toldOf({ events: [{ ...views, days }, release] })).toEqual([]);
  });

  it('are told of a version that had others before, since the hour in which they grew', async () => {
    const more = without('3.0.0', {
      days: each(5, ...DAYS),
      received: [...at('2026-11-20 07:00:00', 5), ...at('2026-11-20 09:30:00', 25)],
    });
    const users = { days: TWENTY, received: at('2026-11-20 07:00:00', 20) };
    expect(await toldOf({ events: [users, more] })).toEqual([
      absent({ sdk: 'js-client 3.0.0', count: 30, of: 50, usual: 0.2, since: '2026-11-20 09:30:00' }),
    ]);
  });

  const always = { days: each(40, ...DAYS) };
  it.each([
    {
      what: 'of a version that always sends so',
      sent: [without('2.0.0', { ...always, received: at(MORNING, 40) })],
    },
    {
      what: 'of a new version of a part of the app whose users are never known',
      sent: [without('2.0.0', always), without('2.0.1', { received: at(MORNING, 40) })],
    },
    { what: 'if they are nine', sent: [without('3.1.0', { received: at(MORNING, 9) })] },
    {
      what: 'of an SDK that is new itself',
      sent: [{ as: { user_id: null, sdk_type: 'py-server' }, received: at(MORNING, 40) }],
    },
  ])('are not told $what', async ({ sent }) => {
    expect(await toldOf({ events: [views, ...sent] })).toEqual([]);
  });
});

/** What is told of a user ID that the new version writes in all its events. */
const toldOfUser = (user_id: string, count: number) =>
  toldOf({ events: [views, { as: { user_id, sdk_version: '3.1.0' }, received: at(MORNING, count) }] });

it.each([
  { user_id: 'Undefined', value: 'undefined' },
  // Python's str(None), a user whom views count.
  { user_id: 'None', value: 'none' },
  ...['00000000-0000-0000-0000-000000000000', '(null)', '<nil>', '[object object]'].map((value) => ({
    user_id: value,
    value,
  })),
])('the user $user_id is told as a text that is no user', async ({ user_id, value }) => {
  expect(await toldOfUser(user_id, 14)).toEqual([toldOfVersion({ part: 'unit', value })]);
});

it('a user who is a number is told by the form of the ID alone', async () => {
  expect((await toldOfUser('4711#', 14)).map(({ part }) => part)).toEqual(['idForm']);
});

describe('user IDs of a new version, where others are "u" with digits, ', () => {
  it.each([
    { user_id: '#ada@example.com', form: 'e-mail addresses' },
    { user_id: '4711#', form: 'digits alone' },
    { user_id: '0B8F6C9E-1111-4222-8333-0000000000#', form: 'other texts in capital letters' },
    { user_id: '0b8f6c9e-1111-4222-8333-00000000000#', form: 'UUIDs' },
    { user_id: '0B8F6C9E-1111-4222-8333-00000000000#', form: 'UUIDs in capital letters' },
    { user_id: '0B8F6C9E-1111-4222-8333-aaaaaaaaaaa#', form: 'UUIDs' },
    { user_id: '9e107d9d372bb6826bd81d3542a419d#', form: 'hexadecimal digests' },
    { user_id: '9E107D9D372BB6826BD81D3542A419D#', form: 'hexadecimal digests in capital letters' },
    { user_id: '#ADA@EXAMPLE.COM', form: 'e-mail addresses in capital letters' },
    { user_id: 'user_#', form: '"user_" with digits' },
    { user_id: 'us1#', form: '"us" with digits' },
    { user_id: 'bob1#', form: 'other texts' },
    { user_id: 'u-and-more#', form: 'other texts' },
  ])('are told as $form if they are as $user_id', async ({ user_id, form }) => {
    expect(await toldOfUser(user_id, 10)).toEqual([
      toldOfVersion({ part: 'idForm', field: 'user_id', value: form, count: 10, of: 10 }),
    ]);
  });

  it.each([
    { what: 'they are as others', user_id: 'u1#', count: 10 },
    { what: 'all are one UUID', user_id: '00000000-0000-0000-0000-000000000001', count: 14 },
    { what: 'all are a name', user_id: 'guest', count: 14 },
    { what: 'all are one, as a user who tries something', user_id: 'ada', count: 14 },
    { what: 'nine are different', user_id: '4711#', count: 9 },
  ])('are not told if $what', async ({ user_id, count }) => {
    expect(await toldOfUser(user_id, count)).toEqual([]);
  });
});

describe('e-mail addresses as user IDs of a known version', () => {
  /** What is told of so many addresses, and of so many other IDs. Of each day, and of today. */
  const toldOfAddresses = (before: readonly [number, number], now: readonly [number, number]) =>
    toldOf({
      events: ['#ada@example.com', 'u#'].map((user_id, i) => ({
        as: { user_id },
        days: each(before[i] ?? 0, ...DAYS),
        received: at(MORNING, now[i] ?? 0),
      })),
    });

  it('are told if they were less than a twentieth before, and are a quarter', async () => {
    expect(await toldOfAddresses([1, 20], [13, 39])).toMatchObject([
      { part: 'idForm', value: 'e-mail addresses', count: 13, of: 52 },
    ]);
  });

  it.each([
    { before: [1, 19], now: [10, 30], what: 'were a twentieth before' },
    { before: [1, 20], now: [12, 36], what: 'are less than ten above their share' },
    { before: [1, 20], now: [13, 40], what: 'are less than a quarter' },
    { before: [0, 20], now: [9, 3], what: 'are nine' },
  ] as const)('are not told if they $what', async ({ before, now }) => {
    expect(await toldOfAddresses(before, now)).toEqual([]);
  });
});

describe('values of an event', () => {
  const toldOfValue = (event_value: string | null) => {
    const buy = (value: string | null, sent: Sent): Sent => ({
      ...sent,
      as: { event_name: 'buy', event_value: value },
    });
    const usual = buy('12.5', { days: each(40, ...DAYS), received: at('2026-11-20 07:00:00', 10) });
    return toldOf({ events: [views, usual, buy(event_value, { received: at(MORNING, 30) })] });
  };

  it.each([
    { sent: null, value: 'none', label: null },
    { sent: '12,50 EUR', value: 'text', label: '99,99 aaa' },
    // DuckDB's cast takes it for a number; views do not.
    { sent: 'NaN', value: 'text', label: 'aaa' },
  ])('are told as $value with the shape $label if they are $sent', async ({ sent, value, label }) => {
    expect(await toldOfValue(sent)).toEqual([
      toldOfVersion({ part: 'value', value, subject: 'buy', label, sdk: null, count: 30, of: 40 }),
    ]);
  });

  it('are not told if they are numbers in another form', async () => {
    expect(await toldOfValue('-1e3')).toEqual([]);
  });
});

describe('other IDs that a new version writes in capitals', () => {
  const toldOfIds = (query: 'events' | 'metadata', column: 'stable_id' | 'company_id', id: string) => {
    const usual = { ...views, as: { [column]: 'ab@example.com' } };
    const release = { as: { [column]: id, sdk_version: '3.1.0' }, received: at(MORNING, 14) };
    return toldOf({ [query]: [usual, release] });
  };

  it.each([
    { query: 'metadata', column: 'stable_id' },
    { query: 'events', column: 'company_id' },
  ] as const)('are told of $column', async ({ query, column }) => {
    expect(await toldOfIds(query, column, '#AB@EXAMPLE.COM')).toEqual([
      toldOfVersion({ part: 'idForm', field: column, value: 'e-mail addresses in capital letters' }),
    ]);
    expect(await toldOfIds(query, column, '#cd@example.com')).toEqual([]);
    // One customer of many.
    expect(await toldOfIds(query, column, 'IBM')).toEqual([]);
  });
});

describe('IDs of devices in the forty events that an SDK sends each day', () => {
  const of = (stable_id: string, more: Sent): Sent => ({ ...more, as: { stable_id, user_id: 'ada' } });
  /** So many different ones on each day, and in events of today. */
  const toldOfIds = (before: number, now: number, events = now) => {
    const usual = Array.from({ length: before }, (_, i) => of(`d${i}`, { days: each(40 / before, ...DAYS) }));
    const again = of('d0', { received: at('2026-11-19 08:00:00', 1) });
    const known = of('d0', { received: at(MORNING, events - now) });
    return toldOf({ metadata: [...usual, again, known, of('d9#', { received: at(MORNING, now) })] });
  };

  it('are told since the hour in which most are new, by the first of them, whatever known ones came before', async () => {
    const known = of('r0', {
      days: each(36, ...DAYS),
      received: [
        ...at('2026-11-19 08:00:00', 1),
        ...at('2026-11-20 02:05:00', 2),
        ...at('2026-11-20 09:05:00', 1),
      ],
    });
    const visitors = of('v#', { days: each(4, ...DAYS), received: at('2026-11-20 02:10:00', 1) });
    const changes = await toldOf({
      metadata: [known, visitors, of('n#', { received: at('2026-11-20 09:30:00', 50) })],
    });
    const newIds = changes.filter(({ part }) => part === 'newIds');
    expect(newIds).toMatchObject([{ count: 51, of: 54, usual: 5, since: '2026-11-20 09:30:00' }]);
  });

  it('are told if far more come that did not the day before', async () => {
    expect(await toldOfIds(10, 40)).toEqual([
      told({
        part: 'newIds',
        kind: 'more',
        subject: 'js-client',
        field: 'stable_id',
        value: 'new',
        count: 40,
        of: 40,
        usual: 10,
        since: MORNING,
      }),
    ]);
  });

  it.each([
    { what: 'twenty-nine more come than on any day', before: 10, now: 39 },
    { what: 'each third event had another one before', before: 20, now: 59 },
    { what: 'as many more events come', before: 10, now: 61 },
    { what: 'a part of the events has them', before: 10, now: 40, events: 60 },
    {
      what: 'a quarter of the events are of known ones, as beside visitors of a campaign',
      before: 10,
      now: 44,
      events: 58,
    },
  ])('are not told if $what', async ({ before, now, events }) => {
    expect(await toldOfIds(before, now, events)).toEqual([]);
  });
});

describe('a configured unit ID that events lack', () => {
  const lost = (as: Sent['as'], before: Sent['as'] = {}): readonly Sent[] => [
    { ...views, as: before },
    { as: { ...before, sdk_version: '3.1.0', ...as }, received: at(MORNING, 14) },
  ];
  const lacking = (field: string) => toldOfVersion({ part: 'unitId', field, value: 'absent' });

  it('is told of a new version, without one that no event ever had', async () => {
    expect(await toldOf({ events: lost({ company_id: null }) })).toEqual([lacking('company_id')]);
  });

  it('is told beside another that is lost with it', async () => {
    const both = lost({ company_id: null, team_id: null }, { team_id: 't1' });
    expect(await toldOf({ events: both })).toEqual([lacking('company_id'), lacking('team_id')]);
  });

  /** Events of which as many have no company each day, of those that came today with a team. */
  const half = each(20, ...DAYS);
  const nobody = (as: Sent['as'], of: Sent['as'] = {}): readonly Sent[] => [
    { days: half, as: of },
    { days: half, as: { ...of, company_id: null } },
    { received: at(MORNING, 20), as: { ...of, ...as } },
    { received: at(MORNING, 20), as: { ...of, company_id: null, ...as } },
  ];
  it.each([
    { what: 'another comes for the first time', sent: nobody({ team_id: 't1' }) },
    {
      what: 'another comes that has no column yet',
      sent: nobody({ custom_ids: '{"teamID":"t1"}' }, { custom_ids: '{"teamID":"t1"}' }),
    },
  ])('is not told where as many lack it as before, and $what', async ({ sent }) => {
    expect(await toldOf({ events: sent })).toEqual([]);
  });
});

describe('a configured unit ID that custom IDs have and its column has not', () => {
  const away = (sdk_type: string, received: readonly string[], as: Sent['as'] = {}): Sent => ({
    as: { sdk_type, company_id: null, custom_ids: '{"plan":"pro","companyID":"c1"}', ...as },
    received,
  });
  const ios: Sent = { ...views, as: { sdk_type: 'ios-client' } };
  const first = '2026-11-20 03:40:00';
  const last = '2026-11-20 06:10:00';

  it.each([
    { what: 'as it is configured', custom_ids: '{"companyID":"c1"}' },
    { what: 'in other letters, as a number', custom_ids: '{"plan":"pro","COMPANYID":7}' },
  ])('is told once of all SDKs, from the first event to the last: $what', async ({ custom_ids }) => {
    const sent = [
      away('js-client', [first, ...at('2026-11-20 04:00:00', 9)], { custom_ids }),
      away('ios-client', at(last, 8), { custom_ids }),
    ];
    expect(await toldOf({ events: [views, ios, ...sent] })).toEqual([
      told({
        part: 'unitColumn',
        kind: 'more',
        field: 'company_id',
        value: 'away',
        label: last,
        count: 18,
        of: 58,
        since: first,
      }),
    ]);
  });

  it('is told apart from the app that does not send the ID', async () => {
    const lost = { as: { company_id: null, sdk_version: '3.1.0' }, received: at(MORNING, 14) };
    const rows = await toldOf({ events: [views, lost, away('js-client', at(last, 12))] });
    expect(rows.map(({ part, count }) => [part, count])).toEqual([
      ['unitColumn', 12],
      ['unitId', 14],
    ]);
  });

  const noColumn = { company_id: null, team_id: null };
  it.each([
    {
      what: 'no day before had it in the column, as of a unit ID that is new',
      sent: [
        {
          days: TWENTY,
          received: at(MORNING, 20),
          as: { company_id: null, team_id: 't1', custom_ids: '{"companyID":"c1"}' },
        },
        { received: at('2026-11-20 09:00:00', 20), as: { team_id: 't1' } },
      ],
    },
    {
      what: 'they are nine',
      sent: [views, away('js-client', at(MORNING, 9))],
    },
    {
      what: 'it is empty there',
      sent: [
        { ...views, as: { ...noColumn, custom_ids: '{"companyID":""}' } },
        { ...views, as: { custom_ids: '{"companyID":"c1"}' } },
      ],
    },
    {
      what: 'another one is there, of which the ID is a part',
      sent: [
        { ...views, as: { ...noColumn, custom_ids: '{"myCompanyID":"c1"}' } },
        { ...views, as: { custom_ids: '{"companyID":"c1"}' } },
      ],
    },
  ])('is not told if $what', async ({ sent }) => {
    expect(await toldOf({ events: sent })).toEqual([]);
  });
});

describe('hashes of users', () => {
  /** Forty users of two SDKs on each curated day and on both days before today, at these hours. */
  const hours = ['06:10:00', '09:10:00', '11:10:00'];
  const timesOf = (days: readonly string[], times: readonly string[]) =>
    days.flatMap((day) => times.flatMap((time) => at(`${day} ${time}`, 20)));
  const usersOf = (sdk_type: string, salt: string, sent: Omit<Sent, 'as'>): Sent => ({
    ...sent,
    as: { sdk_type, user_id: `${salt}-#` },
  });
  const earlier = ['2026-11-18', '2026-11-19'];
  const usualUsers = (sdk_type: string, salt: string): Sent =>
    usersOf(sdk_type, salt, { days: TWENTY, received: timesOf(earlier, hours) });
  const today = (sdk_type: string, salt: string, times: readonly string[]): Sent =>
    usersOf(sdk_type, salt, { received: timesOf(['2026-11-20'], times) });
  const js = usualUsers('js-client', 'a');
  const ios = usualUsers('ios-client', 'b');
  const toldOfHashes = async (...hashed: readonly Sent[]) =>
    (await toldOf({ hashed })).filter(({ part }) => part === 'newHashes');
  const change = (row: Partial<Told>) =>
    told({
      part: 'newHashes',
      kind: 'more',
      field: 'user_id',
      value: 'new',
      times: 2,
      count: 40,
      of: 40,
      usual: 1,
      days: 0,
      since: '2026-11-20 08:30:00',
      ...row,
    });

  it.each([
    {
      what: 'of two SDKs are all new since one instant',
      sent: [
        today('js-client', 'a', ['06:10:00']),
        today('js-client', 'c', ['08:30:00', '11:10:00']),
        today('ios-client', 'd', ['08:31:00', '11:10:00']),
      ],
      row: {},
    },
    {
      what: 'of the only SDK are all new since one instant',
      sent: [today('js-client', 'c', ['08:30:00', '11:10:00'])],
      row: { times: 1, count: 20, of: 20 },
    },
    {
      what: 'are all new since the day before',
      sent: [
        usersOf('js-client', 'c', { received: timesOf(['2026-11-19'], ['11:30:00', '20:10:00']) }),
        today('js-client', 'c', hours),
        today('ios-client', 'd', hours),
      ],
      row: { since: '2026-11-19 11:30:00' },
    },
  ])('are told if those $what', async ({ sent, row }) => {
    expect(await toldOfHashes(js, ios, ...sent)).toEqual([change(row)]);
  });

  it.each([
    {
      what: 'many new users came in a launch, beside those of before',
      sent: [
        js,
        ios,
        ...['c', 'd', 'e'].map((salt) => today('js-client', salt, ['08:30:00', '11:10:00'])),
        today('ios-client', 'b', ['08:40:00']),
      ],
    },
    {
      what: 'those of one SDK alone are new',
      sent: [js, ios, today('js-client', 'c', ['08:30:00', '11:10:00']), today('ios-client', 'b', hours)],
    },
    {
      what: 'no user ever comes again',
      sent: [
        ...DAYS.map((day, i) => usersOf('js-client', `a${i}`, { days: each(20, day) })),
        ...earlier.map((day) => usersOf('js-client', day, { received: timesOf([day], hours) })),
        today('js-client', 'c', ['08:30:00']),
      ],
    },
    {
      what: 'a test of load came at night, while the site is closed',
      sent: [
        usersOf('js-client', 'a', { days: TWENTY, received: timesOf(earlier, ['14:10:00', '16:10:00']) }),
        today('js-client', 'c', ['02:30:00', '02:40:00']),
      ],
    },
    {
      what: 'the site was closed at night, and its users came in the morning',
      sent: [js, ios, today('js-client', 'a', ['08:30:00']), today('ios-client', 'b', ['08:30:00'])],
    },
  ])('are not told if $what', async ({ sent }) => {
    expect(await toldOfHashes(...sent)).toEqual([]);
  });
});

describe('exposures of a new version', () => {
  const toldOfReason = (reason: string | null) =>
    toldOf({ exposures: [views, { as: { reason, sdk_version: '3.1.0' }, received: at(MORNING, 14) }] });

  it.each([{ reason: 'NoValues' }, { reason: 'Network:Unrecognized' }])(
    'are told if their reason is $reason',
    async ({ reason }) => {
      expect(await toldOfReason(reason)).toEqual([toldOfVersion({ part: 'evaluation', value: reason })]);
    },
  );

  it.each([
    { what: 'their reason is Bootstrap:Recognized', reason: 'Bootstrap:Recognized' },
    { what: 'they have no reason', reason: null },
  ])('are not told if $what', async ({ reason }) => {
    expect(await toldOfReason(reason)).toEqual([]);
  });
});

describe('events that have the exact time of others', () => {
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
      row: { label: FROZEN, times: 1 },
    },
    {
      what: 'those of two processes have each its own',
      sent: [frozen(at(MORNING, 10)), frozen(at(MORNING, 12), `${FROZEN}.25`)],
      row: { label: `${FROZEN}.25`, times: 2, count: 22, of: 22 },
    },
    {
      what: 'those of ten processes have one of several hours each',
      sent: Array.from({ length: 10 }, (_, i) =>
        frozen(at(`2026-11-20 0${i}:59:00`, i === 3 ? 12 : 10), `2026-11-19 0${i}:00:00`),
      ),
      row: { label: '2026-11-19 03:00:00', times: 10, count: 102, of: 102, since: '2026-11-20 00:59:00' },
    },
    {
      what: 'those of some hours of a known version have one',
      sent: ['07', '08', '09', '10'].map((hour) =>
        frozen(at(`2026-11-20 ${hour}:10:00`, 4), FROZEN, '3.0.0'),
      ),
      row: {
        label: FROZEN,
        times: 1,
        sdk: 'js-client 3.0.0',
        count: 16,
        of: 36,
        since: '2026-11-20 07:10:00',
      },
    },
    {
      what: 'their time lies in a day that was curated with others of them',
      sent: [
        frozen(at(MORNING, 14), '2026-11-16 09:00:00'),
        {
          ...frozen([]),
          days: each(60, '2026-11-16'),
          timeOfDays: '09:00:00',
          receiptOfDays: '2026-11-19 10:00:00',
        },
      ],
      row: { label: '2026-11-16 09:00:00', times: 1 },
    },
  ])('long before they came are told: $what', async ({ sent, row }) => {
    expect(await toldOf({ events: [views, ...sent] })).toEqual([
      toldOfVersion({ part: 'time', value: 'one', ...row }),
    ]);
  });

  const atMidnight = { timeOfDays: '00:00:00' };
  it.each([
    { what: 'nine have one time', sent: [frozen(at(MORNING, 9))] },
    {
      what: 'nine have each of three times, as of phones that were offline',
      sent: ['07', '08', '09'].map((hour) => frozen(at(MORNING, 9), `2026-11-19 ${hour}:00:00`)),
    },
    {
      what: 'a job has always sent the midnight of the day',
      sent: [{ ...atMidnight, days: TWENTY, received: at(MORNING, 20), time: '2026-11-20 00:00:00' }],
    },
    {
      what: 'a job has always sent the midnight of the day before',
      sent: [
        { ...atMidnight, days: each(20, '2026-11-14'), receiptOfDays: '2026-11-15 10:00:00' },
        { ...atMidnight, days: each(20, '2026-11-15'), receiptOfDays: '2026-11-16 10:00:00' },
        { ...atMidnight, days: each(20, '2026-11-16'), receiptOfDays: '2026-11-17 10:00:00' },
        { received: at(MORNING, 20), time: '2026-11-19 00:00:00' },
      ],
    },
  ])('are not told if $what', async ({ sent }) => {
    expect(await toldOf({ events: [views, ...sent] })).toEqual([]);
  });
});

describe('events whose time is hours from their receipt', () => {
  /** Events in some minutes, of which none has the time of others often. */
  const eachOf = (times: readonly string[], hours: number, as: NonNullable<Sent['as']>): readonly Sent[] =>
    times.map((time) => ({
      as,
      received: at(`2026-11-20 ${time}`, 5),
      time: addHours(`2026-11-20 ${time}`, -hours),
    }));
  const IN_THREE_HOURS = ['08:00:01', '08:01:02', '09:02:03', '10:03:04'];
  /** Events of several users in several hours. */
  const each5 = (hours: number, sdk_version = '3.1.0') => eachOf(IN_THREE_HOURS, hours, { sdk_version });
  const row = { part: 'offset', count: 20, of: 20, since: '2026-11-20 08:00:01' };

  it.each([
    { what: 'an hour', hours: 1, value: '60' },
    { what: 'twelve hours, as UTC-12 is behind', hours: 12, value: '720' },
    { what: 'nine and a half hours and the longest delay', hours: 9.5 + 300 / 3_600, value: '570' },
    {
      what: 'nine and a half hours, by a clock that is a minute ahead',
      hours: 9.5 - 60 / 3_600,
      value: '570',
    },
    { what: 'an hour too little', hours: -1, value: '-60' },
    { what: 'fourteen hours too little, as UTC+14 is ahead', hours: -14, value: '-840' },
  ])('are told if the age of all of a new version is $what', async ({ hours, value }) => {
    expect(await toldOf({ events: [views, ...each5(hours)] })).toEqual([toldOfVersion({ ...row, value })]);
  });

  it('are told of some of a known version, beside others that come at once', async () => {
    const sent = [views, ...each5(5, '3.0.0')];
    expect(await toldOf({ events: sent })).toEqual([
      toldOfVersion({ ...row, value: '300', sdk: 'js-client 3.0.0', of: 40 }),
    ]);
  });

  it.each([
    { what: 'they are a second more than a zone and the longest delay old', sent: each5(5 + 301 / 3_600) },
    { what: 'they are a second less than a zone and a clock ahead old', sent: each5(5 - 61 / 3_600) },
    { what: 'they are less than an hour old', sent: each5(0.75) },
    { what: 'they are less than an hour too young', sent: each5(-0.75) },
    { what: 'no zone is so far behind', sent: each5(12.25) },
    { what: 'no zone is so far ahead', sent: each5(-14.25) },
    {
      what: 'nine are',
      sent: eachOf(IN_THREE_HOURS.slice(2), 5, { sdk_version: '3.1.0' }).map((sent) => ({
        ...sent,
        received: (sent.received ?? []).slice(1),
      })),
    },
    {
      what: 'they came within two hours, as of phones in one plane',
      sent: eachOf(['08:00:01', '08:01:02', '09:02:03', '09:03:04'], 5, { sdk_version: '3.1.0' }),
    },
    {
      what: 'they are of two users',
      sent: IN_THREE_HOURS.flatMap((time, i) =>
        eachOf([time], 5, { sdk_version: '3.1.0', user_id: i % 2 === 0 ? 'ada' : 'bob' }),
      ),
    },
    {
      what: 'a queue became late by and by',
      sent: [
        ...each5(2),
        { as: { sdk_version: '3.1.0' }, received: at(MORNING, 3), time: addHours(MORNING, -1.1) },
      ],
    },
    {
      what: 'many were as late on a day before, by another time',
      sent: [...each5(5), { days: each(3, '2026-11-16'), receiptOfDays: '2026-11-16 14:00:00' }],
    },
    {
      what: 'their SDK is new',
      sent: each5(5).map((sent) => ({ ...sent, as: { sdk_type: 'my-backend' } })),
    },
  ])('are not told if $what', async ({ sent }) => {
    expect(await toldOf({ events: [views, ...sent] })).toEqual([]);
  });
});

it('an environment that comes beside production is told', async () => {
  const staging = { as: { environment: 'staging' }, received: at(MORNING, 10) };
  expect(await toldOf({ events: [views, staging] })).toEqual([
    toldOfVersion({ part: 'environment', value: 'staging', sdk: 'js-client 3.0.0', count: 10, of: 30 }),
  ]);
});

describe('texts in the metadata and the value of an event', () => {
  const EMAIL = '{"plan":"pro","contact":"#ada@example.com"}';
  const MOJIBAKE = '{"city":"ZÃ¼rich"}';
  type Texts = Pick<NonNullable<Sent['as']>, 'company_metadata' | 'event_value'>;
  /** What is told of 40 events, of which so many came so, and of 200 on each day before. */
  const toldOfTexts = (now: Texts, { count = 10, before = 0 } = {}) => {
    const buy = (as: Texts, more: Sent): Sent => ({ ...more, as: { event_name: 'buy', ...as } });
    const other = { company_metadata: '{"plan":"a@b"}' };
    return toldOf({
      metadata: [
        views,
        buy(other, { days: each(200 - before, ...DAYS), received: at('2026-11-20 07:00:00', 40 - count) }),
        buy(now, { days: each(before, ...DAYS), received: at(MORNING, count) }),
      ],
    });
  };
  const email: Partial<Told> = {
    part: 'textForm',
    value: 'email',
    subject: 'buy',
    label: 'contact',
    sdk: 'js-client 3.0.0',
    count: 10,
    of: 40,
  };

  it.each([
    { what: 'an e-mail address', as: { company_metadata: EMAIL }, row: {} },
    {
      what: 'one in a text',
      as: { company_metadata: '{"note":"ask #ada.l@mail.example.co.uk!"}' },
      row: { label: 'note' },
    },
    {
      what: 'one within an object',
      as: { company_metadata: '{"user":{"mail":"#a@163.com"}}' },
      row: { label: 'mail' },
    },
    { what: 'one in a list', as: { company_metadata: '{"to":["#a@b.de"]}' }, row: { label: null } },
    { what: 'one as the value', as: { event_value: '#ada@example.com' }, row: { label: 'event_value' } },
    {
      what: 'UTF-8 as Latin-1',
      as: { company_metadata: MOJIBAKE },
      row: { value: 'mojibake', label: 'city' },
    },
    {
      what: 'UTF-8 as Latin-1 whose second byte is a control character',
      as: { company_metadata: '{"street":"Hauptstra\u00c3\u009fe"}' },
      row: { value: 'mojibake', label: 'street' },
    },
    {
      what: 'UTF-8 as Latin-1 beside an e-mail address',
      as: { company_metadata: '{"contact":"a@b.de","city":"KÃ¶ln"}' },
      row: { value: 'mojibake', label: 'city' },
    },
  ])('are told if a part of them newly has $what', async ({ as, row }) => {
    expect(await toldOfTexts(as)).toEqual([toldOfVersion({ ...email, ...row })]);
  });

  it.each([
    { what: 'nine have an e-mail address', as: { company_metadata: EMAIL }, more: { count: 9 } },
    { what: 'a hundredth had one before', as: { company_metadata: EMAIL }, more: { before: 2, count: 30 } },
    { what: 'all always had one', as: { company_metadata: EMAIL }, more: { before: 200, count: 40 } },
    {
      what: 'all have one address, as of a link or of a user who searches',
      as: { company_metadata: '{"q":"ada@example.com"}' },
      more: { count: 40 },
    },
    { what: 'they name a picture', as: { company_metadata: '{"icon":"logo@2x.png"}' }, more: {} },
    { what: 'they name a package', as: { company_metadata: '{"dep":"react@18.2.0"}' }, more: {} },
    { what: 'they have accents', as: { company_metadata: '{"city":"São Paulo, MARCHÉ\u00a0»"}' }, more: {} },
  ])('are not told while $what', async ({ as, more }) => {
    expect(await toldOfTexts(as, more)).toEqual([]);
  });

  it('are not told of less than a twentieth of the events, nor of a new name of events', async () => {
    const buys = (count: number, company_metadata: string | null, more: Sent = {}): Sent => ({
      ...more,
      as: { event_name: 'buy', company_metadata },
      received: at(MORNING, count),
    });
    const usual = { days: each(200, ...DAYS) };
    expect(await toldOf({ metadata: [views, buys(191, null, usual), buys(10, EMAIL)] })).toEqual([]);
    expect(await toldOf({ metadata: [views, buys(190, null, usual), buys(10, EMAIL)] })).toHaveLength(1);
    expect(await toldOf({ metadata: [views, buys(40, EMAIL)] })).toEqual([]);
  });
});
