import type { ConfigInput } from '../../lib/schema/config.ts';
import type { DropColumns, DropRows } from './dropWriters.ts';
import { CUSTOMER, DROPS } from './ingestCloud.ts';

/** A customer with a dataset of each kind, in folders and columns of their own. */
export const acme: NonNullable<ConfigInput['sources']>[number] = {
  name: 'acme',
  bucket: DROPS,
  owner: CUSTOMER,
  datasets: [
    {
      name: 'events',
      kind: 'events',
      lookbackDays: 5,
      refusedShare: 0.5,
      mapping: {
        timestamp: 'occurred',
        eventName: 'action',
        eventValue: 'price',
        unitIds: { userID: 'uid', companyID: 'company' },
        metadata: ['plan'],
      },
    },
    {
      name: 'revenue',
      kind: 'metrics',
      lookbackDays: 5,
      dayFormat: 'ds=YYYY-MM-DD',
      mapping: { metricValue: 'value', numerator: 'numerator', denominator: 'denominator' },
    },
    { name: 'exposures', kind: 'exposures' },
  ],
};

/** Form of the dataset's files, and the expected rows. */
interface DroppedDataset {
  /** The folder of a day in the bucket, with a slash at its end. */
  readonly folder: (day: string) => string;
  /** The columns of its files. */
  readonly columns: DropColumns;
  /** Columns of the table that are compared, and its time, which each dialect shows in its own way. */
  readonly selected: string;
  /** The SQL expression of the time of a row. */
  readonly time: string;
  /** Row of the table that a row of a file becomes; null if it is refused. */
  readonly row: (row: DropRows[number]) => object | null;
}

/** The name of a dataset of {@link acme}. */
export type DatasetName = 'events' | 'revenue' | 'exposures';

/** The datasets of {@link acme}, by name. */
export const acmeDatasets: Readonly<Record<DatasetName, DroppedDataset>> = {
  events: {
    folder: (day) => `events/${day}/`,
    columns: {
      occurred: 'instant',
      action: 'text',
      uid: 'text',
      company: 'text',
      price: 'double',
      plan: 'text',
    },
    selected: 'event_name, user_id, company_id, event_value, event_metadata',
    time: 'timestamp',
    row: ({ occurred, action, uid, company, price, plan }) =>
      action === null
        ? null
        : {
            event_name: action,
            user_id: uid,
            company_id: company,
            event_value: String(price),
            event_metadata: JSON.stringify({ plan }),
            time: shown(occurred),
          },
  },
  revenue: {
    folder: (day) => `revenue/ds=${day}/`,
    columns: {
      unit_id: 'text',
      id_type: 'text',
      date: 'day',
      metric_name: 'text',
      value: 'double',
      numerator: 'double',
      denominator: 'double',
    },
    selected: 'unit_id, id_type, metric_name, metric_value, numerator, denominator',
    time: 'metric_date',
    // A ratio has no value.
    row: ({ value, date, ...row }) => ({
      ...row,
      metric_value: row['numerator'] === null ? value : null,
      time: shown(date),
    }),
  },
  exposures: {
    folder: (day) => `exposures/${day}/`,
    columns: { timestamp: 'instant', experiment: 'text', group_id: 'text', unit_id: 'text' },
    selected: 'experiment_id, group_id, unit_id, unit_type',
    time: 'timestamp',
    row: ({ timestamp, experiment, ...row }) => ({
      ...row,
      experiment_id: experiment,
      unit_type: 'userID',
      time: shown(timestamp),
    }),
  },
};

/** One event for each action; one without a name is refused. */
export function eventRows(day: string, actions: readonly (string | null)[]): DropRows {
  return actions.map((action, i) => ({
    occurred: at(day, `10:00:00.12${i}`),
    action,
    uid: `u${i}`,
    company: i % 2 === 0 ? null : 'c1',
    price: i * 1.5 + 0.25,
    plan: 'pro',
  }));
}

/** A value and a ratio. */
export function revenueRows(day: string): DropRows {
  const shared = { id_type: 'userID', date: at(day, '00:00:00') };
  return [
    { ...shared, unit_id: 'u1', metric_name: 'revenue', value: 1.5, numerator: null, denominator: null },
    { ...shared, unit_id: 'u2', metric_name: 'rate', value: 9.5, numerator: 2.5, denominator: 4.5 },
  ];
}

/** One exposure for each unit. */
export function exposureRows(day: string, units: readonly string[]): DropRows {
  const shared = { timestamp: at(day, '11:30:00.007'), experiment: 'checkout', group_id: 'test' };
  return units.map((unit_id) => ({ ...shared, unit_id }));
}

/** An instant of a day in UTC, epoch milliseconds. @param time `11:30:00.007` */
function at(day: string, time: string): number {
  return Date.parse(`${day}T${time}Z`);
}

/** As the test's queries show times. */
function shown(time: string | number | null | undefined): string {
  return new Date(Number(time)).toISOString().replace('T', ' ').replace('Z', '');
}
