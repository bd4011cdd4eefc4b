import type { AnalystQuery } from './AnalystQuery.ts';
import { dayBefore, eventRows, type Minute, minuteSql, noonBefore, text, valuesOf } from './madeRows.ts';
import { onMadeRows, sqlBelow } from './onMadeRows.ts';

/** Rows of `product_events` on November 11th with such metadata. */
function metadataRows(event: string, metadata: readonly object[]): string {
  return valuesOf(
    'event_name, ds, company_metadata',
    metadata.map((of) => [text(event), "DATE '2026-11-11'", text(JSON.stringify(of))]),
  );
}

/** An event of an order. */
interface OrderEvent {
  readonly name: 'purchase' | 'refund';
  readonly user: string | null;
  /** Days before today, at whose noon it was. */
  readonly days: number;
  /** The order's number; null if it was not sent. */
  readonly order: string | null;
  readonly value: number;
}

/** Rows of `product_events`. */
function orderRows(events: readonly OrderEvent[]): string {
  return valuesOf(
    'event_name, user_id, ds, "timestamp", company_metadata, value_number',
    events.map(({ name, user, days, order, value }) => [
      text(name),
      text(user),
      dayBefore(days),
      noonBefore(days),
      text(JSON.stringify(order === null ? {} : { order })),
      `CAST(${value} AS double)`,
    ]),
  );
}

/** A visit with its campaign, or a purchase with its value. */
interface CampaignEvent {
  readonly name: 'visit' | 'purchase';
  readonly at: Minute;
  readonly user: string | null;
  /** `utm_source` of a visit. */
  readonly campaign?: string;
  /** Of a purchase. */
  readonly value?: number;
}

/** Rows of `product_events`, each event with an ID of its own. */
function campaignRows(events: readonly CampaignEvent[]): string {
  return valuesOf(
    'event_id, event_name, user_id, ds, "timestamp", company_metadata, value_number',
    events.map(({ name, at, user, campaign, value }, i) => {
      const { day, time } = minuteSql(at);
      const metadata = campaign === undefined ? {} : { utm_source: campaign };
      const number = value === undefined ? 'NULL' : String(value);
      return [
        text(String(i)),
        text(name),
        text(user),
        day,
        time,
        text(JSON.stringify(metadata)),
        `CAST(${number} AS double)`,
      ];
    }),
  );
}

const netPurchases = sqlBelow('experiments.md', 'Refunds').replaceAll('"sluice".', '');

/** Prices that are numbers, of which `1e3` is one, then some that are none, of which null and an empty text are no loss. */
const PRICES = [
  '12.5',
  ' 7 ',
  -2,
  '1e3',
  null,
  '',
  'EUR 13',
  '13,50',
  '1 000',
  'NaN',
  'Infinity',
  '1d',
  '0x1F',
  true,
];

/** The queries of docs/experiments.md that read events alone. */
export const eventQueries: readonly AnalystQuery[] = [
  {
    title: 'Items of a list',
    sql: onMadeRows(sqlBelow('experiments.md', 'Items of a list'), {
      product_events: metadataRows('checkout', [
        {
          items: [
            { sku: 'a', price: 2.5 },
            { sku: 'b', price: 4 },
          ],
        },
        { items: [{ sku: 'a', price: 3 }, { sku: 'c' }] },
        { items: [] },
        { items: JSON.stringify([{ sku: 'b', price: 1 }]) },
        { items: 'none' },
        { items: 7 },
        { total: 9 },
      ]),
    }),
    answers: [
      ['a', '2', '5.5'],
      ['b', '2', '5'],
      ['c', '1', null],
    ],
  },
  {
    title: 'Refunds',
    sql: onMadeRows(`${netPurchases} SELECT user_id, value_number FROM purchases ORDER BY user_id`, {
      product_events: orderRows([
        { name: 'purchase', user: 'ada', days: 60, order: 'o-1', value: 20 },
        { name: 'refund', user: null, days: 45, order: 'o-1', value: -5 },
        { name: 'refund', user: 'bob', days: 5, order: 'o-1', value: -10 },
        { name: 'purchase', user: 'bob', days: 60, order: 'o-2', value: 7 },
        { name: 'purchase', user: 'cyd', days: 60, order: null, value: 3 },
        { name: 'refund', user: 'cyd', days: 60, order: null, value: -3 },
        { name: 'purchase', user: 'dan', days: 71, order: 'o-3', value: 9 },
      ]),
    }),
    answers: [
      ['ada', '5'],
      ['bob', '7'],
      ['cyd', '3'],
    ],
  },
  {
    title: 'Revenue by campaign',
    sql: onMadeRows(sqlBelow('experiments.md', 'Revenue by campaign'), {
      product_events: campaignRows([
        { name: 'visit', at: '11-01 10:00', user: 'ada', campaign: 'mail' },
        { name: 'visit', at: '11-02 10:00', user: 'ada', campaign: 'ads' },
        { name: 'visit', at: '11-02 11:00', user: 'ada', campaign: '' },
        { name: 'purchase', at: '11-03 10:00', user: 'ada', value: 20 },
        { name: 'visit', at: '11-04 10:00', user: 'ada', campaign: 'mail' },
        { name: 'purchase', at: '11-05 10:00', user: 'ada', value: 5 },
        { name: 'visit', at: '10-26 10:00', user: 'bob', campaign: 'ads' },
        { name: 'purchase', at: '11-02 09:59', user: 'bob', value: 10 },
        { name: 'purchase', at: '11-02 10:00', user: 'bob', value: 7 },
        { name: 'purchase', at: '11-03 10:00', user: null, value: 4 },
        { name: 'visit', at: '11-03 09:00', user: null, campaign: 'ads' },
        { name: 'purchase', at: '10-31 10:00', user: 'bob', value: 100 },
      ]),
    }),
    answers: [
      ['ads', '2', '30'],
      [null, '2', '11'],
      ['mail', '1', '5'],
    ],
  },
  {
    title: 'Numbers in texts',
    sql: onMadeRows(sqlBelow('experiments.md', 'Numbers in texts'), {
      product_events: metadataRows(
        'purchase',
        PRICES.map((price) => ({ price })),
      ),
    }),
    answers: [['1017.5', '8']],
  },
  {
    title: 'Retention',
    sql: onMadeRows(sqlBelow('experiments.md', 'Retention'), {
      product_events: eventRows([
        ['a', '11-01 10:00', 'u1'],
        ['a', '11-02 10:00', 'u1'],
        ['a', '11-08 10:00', 'u1'],
        ['a', '11-01 10:00', 'u2'],
        ['b', '11-01 11:00', 'u2'],
        ['a', '11-03 10:00', 'u2'],
        ['a', '11-02 10:00', 'u3'],
        ['a', '11-03 10:00', 'u3'],
        ['b', '11-03 11:00', 'u3'],
        ['a', '11-09 10:00', 'u3'],
        ['a', '11-01 10:00', null, 0, 'd1'],
        ['a', '10-31 10:00', 'u3'],
      ]),
    }),
    answers: [
      ['2026-11-01', '2', '1', '1'],
      ['2026-11-02', '1', '1', '1'],
    ],
  },
  {
    title: 'Funnel',
    sql: onMadeRows(sqlBelow('experiments.md', 'Funnel'), {
      product_events: eventRows([
        ['view_item', '11-01 10:00', 'all'],
        ['view_item', '11-03 10:00', 'all'],
        ['add_to_cart', '11-01 11:00', 'all'],
        ['purchase', '11-01 12:00', 'all'],
        ['purchase', '11-01 13:00', 'all'],
        ['view_item', '11-01 10:00', 'added before'],
        ['add_to_cart', '11-01 09:00', 'added before'],
        ['purchase', '11-01 12:00', 'added before'],
        ['view_item', '11-01 23:00', 'bought late'],
        ['add_to_cart', '11-02 22:00', 'bought late'],
        ['purchase', '11-02 23:00', 'bought late'],
        ['view_item', '11-02 10:00', 'bought before'],
        ['purchase', '11-02 10:30', 'bought before'],
        ['add_to_cart', '11-02 11:00', 'bought before'],
        ['purchase', '11-02 11:00', 'bought alone'],
      ]),
    }),
    answers: [
      ['2026-11-01', '3', '2', '1'],
      ['2026-11-02', '1', '1', '0'],
    ],
  },
  {
    title: 'Persons',
    sql: onMadeRows(sqlBelow('experiments.md', 'Persons'), {
      product_events: eventRows([
        ['looks', '11-01 10:00', null, 0, 'shared'],
        ['logs in', '11-01 11:00', 'ada', 0, 'shared'],
        ['looks', '11-01 12:00', null, 0, 'shared'],
        ['logs in', '11-01 13:00', 'bob', 0, 'shared'],
        ['looks', '11-01 14:00', null, 0, 'shared'],
        ['looks', '11-01 10:00', null, 0, 'unknown'],
        ['buys', '11-01 10:00', 'cyd'],
        ['buys', '11-01 11:00', 'ada', 0, 'other'],
        ['buys', '11-01 12:00', null],
      ]),
    }),
    answers: [
      ['ada', '3'],
      ['bob', '3'],
      ['cyd', '1'],
      ['unknown', '1'],
      [null, '1'],
    ],
  },
];
