import { beforeAll, describe, expect, it } from '@jest/globals';
import {
  at,
  DAYS,
  each,
  MORNING,
  type Sent,
  type SentCase,
  type Told,
  TWENTY,
  told,
  toldOfCases,
} from './contentTables.ts';

// What is told of values of an event, of the size of its metadata, and of events that come twice.

type Columns = NonNullable<Sent['as']>;
/** Ten rows in each of two hours of the day. @param minute Minute and second of their receipt. */
const inTwoHours = (minute = '10:00'): Sent => ({
  received: ['09', '10'].flatMap((hour) => at(`2026-11-20 ${hour}:${minute}`, 10)),
});
/** What is told of 20 events of a case, all since the first of {@link inTwoHours}. */
const other = (part: string, subject: string, row: Partial<Told>): Told =>
  told({
    part,
    kind: 'other',
    subject,
    value: 'js-client',
    sdk: 'js-client 3.0.0',
    count: 20,
    since: '2026-11-20 09:10:00',
    ...row,
  });

describe('values of an event', () => {
  const sent = (event_value: string, more: Sent, sdk_version = '3.0.0'): Sent => ({
    ...more,
    as: { event_value, sdk_version },
  });
  /** Twenty events of 20 on each day. */
  const usual = sent('20', { days: TWENTY });
  const larger = sent('2000', inTwoHours());

  const otherValues: readonly (SentCase & { readonly row: Partial<Told> })[] = [
    {
      what: '100 times as large of a new version',
      sent: [usual, sent('2000', inTwoHours(), '3.1.0')],
      row: { sdk: 'js-client 3.1.0', mean: 3.301 },
    },
    {
      what: '100 times as large since some hours of a day',
      sent: [usual, sent('20', { received: at('2026-11-20 07:10:00', 90) }), larger],
      row: { mean: 3.301 },
    },
    { what: 'a hundredth', sent: [usual, sent('-0.2', inTwoHours())], row: { mean: -0.699 } },
  ];
  const usualValues: readonly SentCase[] = [
    { what: 'six times as large', sent: [usual, sent('120', inTwoHours())] },
    {
      what: '100 times as large nineteen times',
      sent: [usual, sent('2000', { received: inTwoHours().received?.slice(1) ?? [] })],
    },
    {
      what: '100 times as large in one hour',
      sent: [usual, sent('2000', { received: at(MORNING, 20) })],
    },
    {
      what: '100 times as large and are the usual ones again',
      sent: [usual, larger, sent('20', { received: at('2026-11-20 11:10:00', 5) })],
    },
    {
      what: 'those of another version before',
      sent: [usual, sent('2000', { days: TWENTY }, '2.0.0'), sent('2000', inTwoHours(), '3.1.0')],
    },
    {
      what: 'those of a job at night before',
      sent: [usual, sent('2000', { ...inTwoHours(), days: each(5, ...DAYS), timeOfDays: '02:00:00' })],
    },
    {
      what: 'one of two kinds',
      sent: [
        sent('1', { days: each(10, ...DAYS) }),
        sent('10000', { days: each(10, ...DAYS) }),
        sent('10000', inTwoHours()),
      ],
    },
    { what: 'texts sometimes', sent: [usual, sent('A1', { days: each(2, ...DAYS) }), larger] },
    {
      what: '100 times as large as those of three versions on two days',
      sent: [
        ...['1', '2', '3'].map((version) =>
          sent('20', { days: each(20, '2026-11-16', '2026-11-17') }, version),
        ),
        sent('20', { days: each(5, '2026-11-15') }),
        larger,
      ],
    },
    { what: 'of no size', sent: [usual, sent('0', inTwoHours())] },
  ];

  let rows: ReadonlyMap<string, readonly Told[]>;
  beforeAll(async () => {
    rows = await toldOfCases('events', [...otherValues, ...usualValues]);
  });

  it.each(otherValues)('are told if they are $what, since the first hour of these', ({ what, row }) => {
    expect(rows.get(what)).toEqual([other('amount', what, { usual: 1.301, ...row })]);
  });

  it.each(usualValues)('are not told if they are $what', ({ what }) => {
    expect(rows.get(what)).toEqual([]);
  });
});

describe('metadata of an event', () => {
  const sent = (length: number | null, more: Sent): Sent => ({
    ...more,
    as: { company_metadata: length === null ? null : 'x'.repeat(length) },
  });
  const caseOf = (was: number | null, is: number): SentCase => ({
    what: `have ${is} characters, where they had ${was ?? 'none'}`,
    sent: [sent(was, { days: TWENTY }), sent(is, inTwoHours())],
  });

  const larger = [
    { ...caseOf(15, 20_800), row: { usual: 1.176, mean: 4.318 } },
    { ...caseOf(null, 1_001), row: { usual: 0, mean: 3 } },
  ];
  const notTold = [caseOf(15, 999), caseOf(400, 2_400), caseOf(60_000, 8_000)];

  let rows: ReadonlyMap<string, readonly Told[]>;
  beforeAll(async () => {
    rows = await toldOfCases('metadata', [...larger, ...notTold]);
  });

  it.each(larger)('are told if they $what', ({ what, row }) => {
    expect(rows.get(what)).toEqual([other('size', what, row)]);
  });

  it.each(notTold)('are not told if they $what', ({ what }) => {
    expect(rows.get(what)).toEqual([]);
  });
});

describe('events whose metadata usually have a key', () => {
  const sent = (metadata: Readonly<Record<string, unknown>> | null, more: Sent, as: Columns = {}): Sent => ({
    ...more,
    as: { ...as, company_metadata: metadata === null ? null : JSON.stringify(metadata) },
  });
  const hat = { currency: 'EUR', sku: 'hat' };
  const usual = sent(hat, { days: TWENTY });
  const renamed = { currency: 'EUR', productSku: 'hat' };
  const next = { sdk_version: '3.1.0' };
  /** Keys as the query tells them: those of the events, and the usual ones. */
  const keys = (...texts: readonly string[]) =>
    texts.map((text) => text.replaceAll(' ', '\u001f')).join('\u001e');

  const lost: readonly (SentCase & { readonly row?: Partial<Told> })[] = [
    {
      what: 'in all of a new version, beside others of the one before',
      sent: [usual, sent(hat, inTwoHours()), sent(renamed, inTwoHours(), next)],
      row: { label: keys('currency productSku', 'currency sku'), sdk: 'js-client 3.1.0' },
    },
    {
      what: 'in all since some hours of a day',
      sent: [
        usual,
        sent(hat, { received: at('2026-11-20 07:10:00', 90) }),
        sent({ currency: 'EUR' }, inTwoHours()),
      ],
      row: { label: keys('currency', 'currency sku') },
    },
    {
      what: 'in all, as one in twenty-one did',
      sent: [usual, sent({ currency: 'EUR' }, { days: each(1, ...DAYS) }), sent(renamed, inTwoHours())],
      row: { label: keys('currency productSku', 'currency sku'), usual: 0.048 },
    },
    {
      what: 'in all, as their metadata are gone',
      sent: [sent({ sku: 'hat' }, { days: TWENTY }), sent(null, inTwoHours())],
      row: { label: keys('', 'sku') },
    },
  ];
  const kept: readonly SentCase[] = [
    { what: 'have it in another order', sent: [usual, sent({ sku: 'cap', currency: 'USD' }, inTwoHours())] },
    { what: 'have it empty', sent: [usual, sent({ currency: 'EUR', sku: null }, inTwoHours())] },
    {
      what: 'have it in one of twenty-one',
      sent: [usual, sent(renamed, inTwoHours()), sent(hat, { received: at('2026-11-20 10:50:00', 1) })],
    },
    {
      what: 'lack it nineteen times',
      sent: [usual, sent(renamed, { received: inTwoHours().received?.slice(1) ?? [] })],
    },
    { what: 'lack it in one hour', sent: [usual, sent(renamed, { received: at(MORNING, 20) })] },
    {
      what: 'lacked it in two of twenty-two before',
      sent: [usual, sent({ currency: 'EUR' }, { days: each(2, ...DAYS) }), sent(renamed, inTwoHours())],
    },
    {
      what: 'lacked it in another version before, as one of another app',
      sent: [
        usual,
        sent(renamed, { days: TWENTY }, { sdk_version: '2.0.0' }),
        sent(renamed, inTwoHours(), next),
      ],
    },
    {
      what: 'never had it in a version that is rare',
      sent: [usual, sent(renamed, { ...inTwoHours(), days: each(16, ...DAYS) }, { sdk_version: '2.1.0' })],
    },
    {
      what: 'are a twenty-first of a version that no day before had',
      sent: [
        usual,
        sent(hat, { received: at(MORNING, 401) }),
        sent(renamed, inTwoHours(), { sdk_version: '2.1.0' }),
      ],
    },
    {
      what: 'are of another SDK, which is new',
      sent: [usual, sent(renamed, inTwoHours(), { sdk_type: 'ios-client' })],
    },
    { what: 'had none before', sent: [sent(null, { days: TWENTY }), sent(hat, inTwoHours())] },
    {
      what: 'have IDs as keys',
      sent: [
        ...Array.from({ length: 20 }, (_, i) => sent({ [`u${100 + i}`]: 1 }, { days: each(1, ...DAYS) })),
        sent({ u777: 1 }, inTwoHours()),
      ],
    },
  ];

  let rows: ReadonlyMap<string, readonly Told[]>;
  beforeAll(async () => {
    rows = await toldOfCases('metadata', [...lost, ...kept]);
  });

  it.each(lost)('are told if it is missing $what', ({ what, row }) => {
    const key = { field: 'sku', mean: 1, ...row };
    expect((rows.get(what) ?? []).filter(({ field }) => field === 'sku')).toEqual([other('key', what, key)]);
  });

  it.each(kept)('are not told if they $what', ({ what }) => {
    expect(rows.get(what)).toEqual([]);
  });
});

describe('events of a user', () => {
  const sent = (as: Columns, more: Sent): Sent => ({ ...more, as });
  /** Twenty events a day that come once. */
  const once = sent({}, { days: TWENTY });
  const first = sent({}, inTwoHours('10:00.2'));
  /** The same events a moment later. */
  const again = (as: Columns, minute = '10:00.207') => sent(as, inTwoHours(minute));
  /** The same events in a request that is sent again. @param minute Minute and second of their time. */
  const resent = (minute: string) =>
    ['09', '10'].map((hour) =>
      sent({}, { received: at(`2026-11-20 ${hour}:12:00`, 10), time: `2026-11-20 ${hour}:${minute}` }),
    );

  const twice: readonly (SentCase & { readonly row?: Partial<Told> })[] = [
    { what: 'some ms apart', sent: [once, first, again({})] },
    {
      what: 'across a full second',
      sent: [once, sent({}, inTwoHours('09:59.999')), again({}, '10:00.2')],
      row: { since: '2026-11-20 09:09:59.999' },
    },
    { what: 'at the same time in one request', sent: [once, first, first] },
    {
      what: 'from a new version',
      sent: [once, sent({ sdk_version: '3.1.0' }, inTwoHours('10:00.2')), again({ sdk_version: '3.1.0' })],
      row: { sdk: 'js-client 3.1.0' },
    },
    {
      what: 'some ms apart, in a request that is sent again',
      sent: [once, first, again({}), ...resent('10:00.2'), ...resent('10:00.207')],
    },
  ];
  const notTwice: readonly SentCase[] = [
    { what: 'come a second apart', sent: [once, first, again({}, '10:01.2')] },
    { what: 'have other metadata', sent: [once, first, again({ company_metadata: '{"item":2}' })] },
    { what: 'have another value', sent: [once, first, again({ event_value: '2' })] },
    { what: 'are of two devices', sent: [once, first, again({ stable_id: 'd2' })] },
    { what: 'come in a request that is sent again', sent: [once, first, ...resent('10:00.2')] },
    {
      what: 'have no time of their sender',
      sent: [once, { ...first, isUntimed: true }, { ...again({}), isUntimed: true }],
    },
    {
      what: 'come twice for nine of twenty users',
      sent: [
        once,
        first,
        sent({}, { received: [...at('2026-11-20 09:10:00.207', 4), ...at('2026-11-20 10:10:00.207', 5)] }),
      ],
    },
    {
      what: 'come as long as a key is held down',
      sent: [
        once,
        // Four a second, for ten seconds in each of two hours.
        ...Array.from({ length: 80 }, (_, i) =>
          sent(
            { user_id: 'one' },
            { received: [`2026-11-20 ${i % 2 === 0 ? '09' : '10'}:10:${(10 + i / 4).toFixed(2)}`] },
          ),
        ),
        first,
      ],
    },
    {
      what: 'are of nobody',
      sent: [once, ...[0, 1].map(() => sent({ user_id: null, event_value: '#' }, inTwoHours()))],
    },
    { what: 'came twice before', sent: [once, sent({}, { days: each(2, ...DAYS) }), first, again({})] },
    {
      what: 'come hours after their one time',
      sent: [
        once,
        ...['09', '10', '09', '10'].map((hour) =>
          sent(
            { user_id: `${hour}-#` },
            { received: at(`2026-11-20 ${hour}:10:00`, 10), time: '2026-11-19 09:00:00' },
          ),
        ),
      ],
    },
  ];

  let rows: ReadonlyMap<string, readonly Told[]>;
  beforeAll(async () => {
    rows = await toldOfCases('metadata', [...twice, ...notTwice]);
  });

  it.each(twice)('are told as coming twice if they come $what', ({ what, row }) => {
    expect(rows.get(what)).toEqual([
      other('repeats', what, { since: '2026-11-20 09:10:00.2', mean: 1, ...row }),
    ]);
  });

  it.each(notTwice)('are not told as coming twice if they $what', ({ what }) => {
    expect(rows.get(what)).toEqual([]);
  });
});
