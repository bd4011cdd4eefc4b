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
  views,
} from './contentTables.ts';

// What is told of names of events, of SDKs and of fields that name something.

/** Rows of an event. */
const ofEvent = (event_name: string, sent: Sent): Sent => ({ ...sent, as: { event_name } });
/** Each row once in each of so many hours from a time on. */
const hourly = (time: string, hours: number): readonly string[] =>
  Array.from({ length: hours }, (_, i) => addHours(time, i));

describe('an event that each day had is told as less', () => {
  it('if it has not come for 24 hours, with the fewest of a day and when the last came', async () => {
    const left = ofEvent('buy', { days: TWENTY, received: ['2026-11-19 11:59:59'] });
    const unknown = ofEvent('pay', { days: { ...each(30, ...DAYS), '2026-11-16': 25 } });
    // Then the events of all names are as many as on the days before.
    const many = { ...views, received: at(MORNING, 40) };
    expect(await toldOf({ events: [many, left, unknown] })).toEqual([
      told({ value: 'pay', of: 25 }),
      told({ value: 'buy', since: '2026-11-19 11:59:59' }),
    ]);
  });

  it('if less than a third of the fewest came, since the hour in which it fell', async () => {
    const days = { ...each(240, ...DAYS), '2026-11-16': 192 };
    const usualHours = hourly('2026-11-18 00:10:00', 33).flatMap((time) => at(time, 8));
    const rareHours = hourly('2026-11-19 09:20:00', 27);
    const others = { ...views, days: each(240, ...DAYS), received: at(MORNING, 240) };
    const buy = ofEvent('buy', { days, received: [...usualHours, ...rareHours] });
    expect(await toldOf({ events: [others, buy] })).toEqual([
      told({ value: 'buy', count: 24, of: 192, since: '2026-11-19 09:00:00' }),
    ]);
  });

  it('since the day after the last that is known, if it came seldom for all of two days', async () => {
    const days = each(90, ...DAYS);
    const buy = ofEvent('buy', { days, received: ['2026-11-19 20:00:00'] });
    expect(await toldOf({ events: [{ days, received: at(MORNING, 90) }, buy] })).toEqual([
      told({ value: 'buy', count: 1, of: 90 }),
    ]);
  });

  it.each([
    {
      ofLastDay: 29,
      since: 'on 2026-11-17',
      what: 'since the last curated day, if its share fell below half on it',
    },
    { ofLastDay: 31, since: '2026-11-17', what: 'since the day after it, if its share did not' },
  ])('$what', async ({ ofLastDay, since }) => {
    const others = { ...views, days: each(60, ...DAYS), received: at(MORNING, 60) };
    const days = { ...each(60, ...DAYS), '2026-11-17': ofLastDay };
    const sent = { ...others, days: { ...others.days, '2026-11-17': 120 - ofLastDay } };
    expect(await toldOf({ events: [sent, ofEvent('buy', { days })] })).toEqual([
      told({ value: 'buy', of: ofLastDay, since }),
    ]);
  });

  it.each([
    { what: 'the SDK that alone sent it', sdk_type: 'js-client', label: 'js-client' },
    { what: 'none of two SDKs that sent it', sdk_type: 'roku', label: null },
    { what: 'none of an SDK and what names none', sdk_type: null, label: null },
  ])('with $what', async ({ sdk_type, label }) => {
    const buy = ofEvent('buy', { days: TWENTY });
    const others: Sent = { days: TWENTY, as: { event_name: 'buy', sdk_type } };
    const rows = await toldOf({ events: [{ ...views, received: at(MORNING, 40) }, buy, others] });
    expect(rows.filter(({ part }) => part === 'event')).toEqual([told({ value: 'buy', label, of: 40 })]);
  });

  it('not if all others come as seldom', async () => {
    const days = each(90, ...DAYS);
    const buy = ofEvent('buy', { days, received: at(MORNING, 1) });
    expect(await toldOf({ events: [{ days, received: at(MORNING, 20) }, buy] })).toEqual([]);
  });

  it('not while only two days are known', async () => {
    const days = each(20, '2026-11-16', '2026-11-17');
    expect(await toldOf({ events: [{ ...views, days }, ofEvent('buy', { days })] })).toEqual([]);
  });

  it('not if nothing comes at all', async () => {
    const silent = { days: TWENTY };
    expect(await toldOf({ events: [silent, ofEvent('buy', silent)] })).toEqual([]);
  });
});

describe('an event of which at least four come beside five others', () => {
  /** The names of which is told that less came, beside 240 others: a third of what these let expect is 64. */
  const namesOfLess = async (came: number) => {
    const days = { ...each(240, ...DAYS), '2026-11-16': 192 };
    const others = { ...views, days: each(240, ...DAYS), received: at(MORNING, 240) };
    const rows = await toldOf({ events: [others, ofEvent('buy', { days, received: at(MORNING, came) })] });
    return rows.map(({ value }) => value);
  };

  it('is told as less if less than a third come', async () => {
    expect(await namesOfLess(63)).toEqual(['buy']);
  });

  it('is not told if more than a third come', async () => {
    expect(await namesOfLess(65)).toEqual([]);
  });
});

it.each([
  {
    what: 'if it came within 24 hours',
    sent: ofEvent('buy', { days: TWENTY, received: ['2026-11-19 12:00:00'] }),
  },
  {
    what: 'if it did not come on each day',
    sent: ofEvent('buy', { days: each(20, '2026-11-15', '2026-11-17') }),
  },
  {
    what: 'if less than ten of it are expected',
    sent: ofEvent('buy', { days: each(19, ...DAYS) }),
  },
  { what: 'if an SDK logs it by itself', sent: ofEvent('statsig::identify', { days: TWENTY }) },
])('an event is not told as less $what', async ({ sent }) => {
  expect(await toldOf({ events: [views, sent] })).toEqual([]);
});

describe('an event of which 60 come each day, beside 180 others, ', () => {
  const ofLoop = (came: number, others: number) => {
    const usual = { days: each(180, ...DAYS), received: at(MORNING, others) };
    const loop = ofEvent('buy', { days: each(60, ...DAYS), received: at(MORNING, came) });
    return toldOf({ events: [usual, loop] });
  };

  it('is told as more if more than thrice as many come', async () => {
    expect(await ofLoop(181, 180)).toContainEqual(
      told({ value: 'buy', kind: 'more', count: 181, of: 361, usual: 0.25, since: MORNING }),
    );
  });

  it.each([
    { came: 179, others: 178, what: 'less than thrice as many come' },
    { came: 181, others: 182, what: 'as many more of the others come' },
  ])('is not told as more if $what', async ({ came, others }) => {
    expect(await ofLoop(came, others)).toEqual([]);
  });
});

describe('an event of which 200 come each day, beside 100 others, ', () => {
  const ofShare = (came: number, others: number) => {
    const usual = { days: each(100, ...DAYS), received: at(MORNING, others) };
    return toldOf({
      events: [usual, ofEvent('page', { days: each(200, ...DAYS), received: at(MORNING, came) })],
    });
  };

  it('is told if five times as many come, where others are not half as many times as many', async () => {
    expect(await ofShare(1_000, 240)).toEqual([
      told({ value: 'page', kind: 'many', count: 1_000, of: 1_240, usual: 200, since: MORNING }),
    ]);
  });

  it.each([
    { what: 'less than five times as many come', came: 999, others: 200 },
    { what: 'all come five times as often, as at a launch', came: 1_000, others: 500 },
    { what: 'others come more than half as many times as often', came: 1_000, others: 260 },
  ])('is not told if $what', async ({ came, others }) => {
    expect(await ofShare(came, others)).toEqual([]);
  });
});

it('an SDK that comes no more, where others do, is told of each table', async () => {
  const as = { sdk_type: 'ios-client' };
  const ios = { as, days: TWENTY, received: ['2026-11-19 08:00:00'] };
  const gone = told({ part: 'sdk', value: 'ios-client', since: '2026-11-19 08:00:00' });
  expect(await toldOf({ events: [views, ios], exposures: [views, ios] })).toEqual([gone, gone]);
});

it.each([
  { time: '2026-11-13 08:00:00', what: 'of the first day that the window may have' },
  { time: '2026-11-21 08:00:00', what: 'of the day after its receipt' },
])('what was received with a time $what counts as having come', async ({ time }) => {
  const late = { days: TWENTY, received: at(MORNING, 20), time };
  const event = { ...late, as: { event_name: 'buy', sdk_type: 'ios-client' } };
  const rows = await toldOf({ events: [views, event] });
  expect(rows.filter(({ kind }) => kind === 'less')).toEqual([]);
  const search = { ...late, as: { experiment_id: 'search', user_id: 's#' } };
  expect(await toldOf({ exposures: [views, search] })).toEqual([]);
});

describe('an event that an SDK does not send any more, and others do,', () => {
  const ofIos = (sent: Sent): Sent => ({ ...sent, as: { sdk_type: 'ios-client', ...sent.as } });
  const buy = ofEvent('buy', { days: TWENTY });
  const stillFromOthers = { ...buy, received: at(MORNING, 20) };
  const iosViews = ofIos(views);
  const toldOfSdk = async (...events: readonly Sent[]) =>
    (await toldOf({ events: [views, ...events] })).filter(({ part }) => part === 'sdkEvent');

  it('is told once, with when and from which version the last came', async () => {
    const last = ofIos({
      received: ['2026-11-19 09:00:00'],
      as: { event_name: 'buy', sdk_version: '3.1.0' },
    });
    const before = ofIos({
      received: ['2026-11-19 08:00:00'],
      as: { event_name: 'buy', sdk_version: '3.9.0' },
    });
    const sent = [views, iosViews, stillFromOthers, ofIos(buy), last, before];
    expect(await toldOf({ events: sent })).toEqual([
      told({
        part: 'sdkEvent',
        subject: 'ios-client',
        value: 'buy',
        label: '2026-11-19 09:00:00 3.1.0',
        since: '2026-11-19 09:00:00',
      }),
    ]);
  });

  it('is told though the others send fewer than half of their usual, if they are ten', async () => {
    const ten = { ...buy, received: at(MORNING, 10), days: each(40, ...DAYS) };
    const rows = await toldOfSdk(ten, iosViews, ofIos(buy));
    expect(rows.map(({ subject }) => subject)).toEqual(['ios-client']);
  });

  it.each([
    { what: 'if the SDK sends nothing', sent: [stillFromOthers, ofIos(buy)] },
    { what: 'if no SDK sends the event', sent: [iosViews, buy, ofIos(buy)] },
    {
      what: 'if less than ten of it are expected',
      sent: [iosViews, stillFromOthers, ofIos(ofEvent('buy', { days: each(19, ...DAYS) }))],
    },
    {
      what: 'if the SDK did not send it on each day',
      sent: [
        iosViews,
        stillFromOthers,
        ofIos(ofEvent('buy', { days: each(40, '2026-11-15', '2026-11-17') })),
      ],
    },
  ])('is not told of the SDK $what', async ({ sent }) => {
    expect(await toldOfSdk(...sent)).toEqual([]);
  });
});

describe('an experiment to which an SDK logs no exposures any more, and others do,', () => {
  const ofIos = (sent: Sent): Sent => ({ ...sent, as: { sdk_type: 'ios-client', ...sent.as } });
  const ofGate: Sent = { ...views, as: { exposure_type: 'gate', experiment_id: 'new_nav' } };
  const ofOthers = (came: number): Sent => ({ days: each(40, ...DAYS), received: at(MORNING, came) });
  const ofWeb = (came: number): Sent => ({ ...ofOthers(came), as: { sdk_type: 'web-client' } });
  const last = '2026-11-19 09:00:00';
  const lost = ofIos({ days: TWENTY, received: [last] });
  const toldOfSdk = async (...exposures: readonly Sent[]) =>
    (await toldOf({ exposures })).filter(({ part }) => part === 'sdkExperiment');
  const ofCheckout = (row: Partial<Told>) =>
    told({ part: 'sdkExperiment', subject: 'ios-client', value: 'checkout', ...row });

  it('is told once, with when and from which version the last came', async () => {
    expect(await toldOf({ exposures: [ofOthers(40), lost, ofIos(ofGate)] })).toEqual([
      ofCheckout({ label: `${last} 3.0.0`, since: last }),
    ]);
  });

  it('is told if less than a third of the fewest still comes, since the hour after it came as usual', async () => {
    const less = (came: number) =>
      toldOfSdk(
        ofOthers(40),
        ofIos({ ...ofGate, days: each(90, ...DAYS), received: at(MORNING, 90) }),
        ofIos({
          days: each(90, ...DAYS),
          received: [...at('2026-11-19 10:00:00', 90), ...at(MORNING, came)],
        }),
      );
    expect(await less(22)).toMatchObject([
      ofCheckout({ label: `${MORNING} 3.0.0`, count: 22, of: 90, since: '2026-11-19 11:00:00' }),
    ]);
    expect(await less(31)).toEqual([]);
  });

  it.each([
    { what: 'if the SDK sends nothing', sent: [ofOthers(40), lost] },
    { what: 'if no SDK logs it', sent: [ofOthers(0), lost, ofIos(ofGate)] },
    {
      what: 'if each other one logs less than half of it',
      sent: [ofOthers(19), ofWeb(19), lost, ofIos(ofGate)],
    },
    {
      what: 'if the others log nine',
      sent: [{ days: each(10, ...DAYS), received: at(MORNING, 9) }, lost, ofIos(ofGate)],
    },
    {
      what: 'if less than ten exposures are expected',
      sent: [ofOthers(40), ofIos({ days: each(9, ...DAYS) }), ofIos(ofGate)],
    },
    {
      what: 'if it is a gate',
      sent: [
        { ...ofGate, days: each(40, ...DAYS), received: at(MORNING, 40) },
        ofIos({ ...ofGate, received: [] }),
        ofIos(views),
      ],
    },
  ])('is not told of the SDK $what', async ({ sent }) => {
    expect(await toldOfSdk(...sent)).toEqual([]);
  });

  it('is told of each of two SDKs that lost it at once, if one of the others logs half of it', async () => {
    const ofAndroid = (sent: Sent): Sent => ({ ...sent, as: { sdk_type: 'android-client', ...sent.as } });
    const others = [ofOthers(20), ofWeb(0), ofAndroid({ days: each(90, ...DAYS) }), ofAndroid(ofGate)];
    const rows = await toldOfSdk(...others, lost, ofIos(ofGate));
    expect(rows.map(({ subject }) => subject)).toEqual(['android-client', 'ios-client']);
  });
});

describe('new names of events', () => {
  const ids = [...at('2026-11-20 09:00:00', 1), ...at(MORNING, 48)].map((time, i) =>
    ofEvent(`buy_${100 + i}`, { received: [time] }),
  );

  it('are told at once if 49 come beside a usual one, with one of them and when the first came', async () => {
    expect(await toldOf({ events: [views, ...ids] })).toEqual([
      told({ value: 'buy_100', kind: 'names', count: 49, of: 50, usual: 1, since: MORNING }),
    ]);
  });

  it('are not told if 48 come beside a usual one', async () => {
    expect(await toldOf({ events: [views, ...ids.slice(1)] })).toEqual([]);
  });
});
