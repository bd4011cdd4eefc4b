import { quoteText } from '../../../../lib/base/sql.ts';

/** A minute of 2026 in UTC, as `11-20 12:00`. */
export type Minute = `${number}-${number} ${number}:${number}`;

/** SQL of a minute: of its time and of its day. */
interface MinuteSql {
  readonly time: string;
  readonly day: string;
}

/** An event. A device is that of {@link eventRows}' column. */
type ProductEvent = readonly [
  name: string,
  at: Minute,
  user: string | null,
  value?: number | null,
  device?: string,
];

/**
 * What is particular of a unit: it was exposed late, to a gate, or on a device, which has an ID of another type; it was held out; or
 * it saw two groups.
 */
export type Trait = 'late' | 'gate' | 'device' | 'held out' | 'crossover';

/** A unit with its group. */
type Unit = readonly [unit: string, group: string, trait?: Trait];

/** A row of `first_exposures`. */
export interface FirstExposure {
  readonly experiment: string;
  readonly unit: string;
  /** The column of the ID; of a unit with the trait `device` it is `stable_id`. */
  readonly unitType: string;
  readonly group: string;
  readonly trait: Trait | undefined;
  readonly at: MinuteSql;
}

/** An exposure of a user to `checkout_button`, which is a `gate` if so said; an empty group is that of who is held out. */
type ExperimentExposure = readonly [
  at: Minute,
  user: string,
  group: string,
  type?: 'gate' | 'config',
  device?: string,
];

/**
 * A SELECT of rows.
 *
 * @param columns Their names.
 * @param rows Of each its values, in SQL.
 */
export function valuesOf(columns: string, rows: readonly (readonly (string | number | boolean)[])[]): string {
  const values = rows.map((row) => `(${row.join(', ')})`);
  return `SELECT * FROM (VALUES ${values.join(', ')}) AS made (${columns})`;
}

/** A text in SQL, which is null if there is none. */
export function text(value: string | null | undefined): string {
  return value === null || value === undefined ? 'CAST(NULL AS varchar)' : quoteText(value);
}

/** SQL of a minute. */
export function minuteSql(at: Minute): MinuteSql {
  const [monthAndDate] = at.split(' ');
  return { time: `TIMESTAMP '2026-${at}:00'`, day: `DATE '2026-${monthAndDate}'` };
}

/** SQL of a day so many days before today. */
export function dayBefore(days: number): string {
  return `date_add('day', -${days}, current_date)`;
}

/** SQL of the noon of {@link dayBefore}. */
export function noonBefore(days: number): string {
  return `CAST(${dayBefore(days)} AS timestamp) + INTERVAL '12' HOUR`;
}

/** Rows of `product_events`. @param deviceColumn The column of an event's device. */
export function eventRows(events: readonly ProductEvent[], deviceColumn = 'stable_id'): string {
  return valuesOf(
    `event_name, "timestamp", ds, user_id, ${deviceColumn}, value_number`,
    events.map(([name, at, user, value = 0, device]) => {
      const { time, day } = minuteSql(at);
      return [text(name), time, day, text(user), text(device), `CAST(${value} AS double)`];
    }),
  );
}

/** Rows of `first_exposures`, whose groups have their IDs as names. */
export function firstExposureRows(exposures: readonly FirstExposure[]): string {
  const made = valuesOf(
    'experiment_id, unit_id, unit_type, group_id, ts, first_day, is_gate, held_out, groups_seen',
    exposures.map(({ experiment, unit, unitType, group, trait, at }) => [
      text(experiment),
      text(unit),
      text(trait === 'device' ? 'stable_id' : unitType),
      text(group),
      at.time,
      at.day,
      trait === 'gate',
      trait === 'held out',
      trait === 'crossover' ? 2 : 1,
    ]),
  );
  return `SELECT *, group_id AS group_name FROM (${made})`;
}

/**
 * Rows of `first_exposures` of units by their experiment. All were exposed on November 10th at noon, late ones on the 21st.
 *
 * @param unitType The column of their IDs.
 */
export function unitRows(
  experiments: Readonly<Record<string, readonly Unit[]>>,
  unitType = 'user_id',
): string {
  return firstExposureRows(
    Object.entries(experiments).flatMap(([experiment, units]) =>
      units.map(([unit, group, trait]): FirstExposure => {
        const at = minuteSql(trait === 'late' ? '11-21 12:00' : '11-10 12:00');
        return { experiment, unit, unitType, group, trait, at };
      }),
    ),
  );
}

/** Rows of `experiment_exposures`. @param deviceColumn The column of an exposure's device. */
export function exposureRows(exposures: readonly ExperimentExposure[], deviceColumn = 'stable_id'): string {
  const made = valuesOf(
    `experiment_id, exposure_type, user_id, ${deviceColumn}, group_id, "timestamp", ds, held_out`,
    exposures.map(([at, user, group, type = 'config', device]) => {
      const { time, day } = minuteSql(at);
      return [
        text('checkout_button'),
        text(type),
        text(user),
        text(device),
        text(group),
        time,
        day,
        group === '',
      ];
    }),
  );
  return `SELECT *, group_id AS group_name FROM (${made})`;
}
