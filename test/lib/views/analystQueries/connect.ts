import { readerQueries } from '../../../../cli/connect/readerQueries.ts';
import type { AnalystQuery } from './AnalystQuery.ts';
import {
  dayBefore,
  type FirstExposure,
  firstExposureRows,
  noonBefore,
  type Trait,
  text,
  valuesOf,
} from './madeRows.ts';
import { onMadeRows } from './onMadeRows.ts';

/** A unit of the experiment `button`. */
interface Exposed {
  readonly unit: string;
  readonly group: string;
  /** Days before today at whose noon it was exposed. */
  readonly days: number;
  /** What is particular of it; absent if nothing is. */
  readonly trait?: Trait;
}

/** An event of a unit. */
interface Bought {
  readonly name: string;
  readonly unit: string;
  /** Days before today. */
  readonly days: number;
  /** Hours after noon of that day. */
  readonly hours: number;
  readonly value: number;
}

/** A row of `daily_exposures` of the experiment `button`. */
interface Daily {
  /** Days before today. */
  readonly days: number;
  readonly group: string;
  readonly units: number;
  /** Default `user_id`. */
  readonly unitType?: string;
  /** Default false. */
  readonly isGate?: boolean;
}

const EXPOSED: readonly Exposed[] = [
  { unit: 'ada', group: 'test', days: 20 },
  { unit: 'bob', group: 'test', days: 20 },
  { unit: 'cyd', group: 'control', days: 40 },
  { unit: 'dan', group: 'control', days: 41 },
  { unit: 'eve', group: 'control', days: 10 },
  { unit: 'fay', group: 'control', days: 9 },
  { unit: 'gus', group: 'control', days: 20 },
  { unit: 'hal', group: 'test', days: 20, trait: 'crossover' },
  { unit: 'ivy', group: 'test', days: 20, trait: 'held out' },
  { unit: 'joe', group: 'test', days: 20, trait: 'gate' },
  { unit: 'kim', group: 'test', days: 20, trait: 'device' },
];
// Ada was exposed 20 days ago at noon: an hour before is too early, and seven days after is too late.
const BOUGHT: readonly Bought[] = [
  { name: 'purchase', unit: 'ada', days: 20, hours: -1, value: 100 },
  { name: 'purchase', unit: 'ada', days: 20, hours: 0, value: 1 },
  { name: 'purchase', unit: 'ada', days: 13, hours: -1, value: 5 },
  { name: 'purchase', unit: 'ada', days: 13, hours: 0, value: 100 },
  { name: 'view', unit: 'bob', days: 20, hours: 1, value: 100 },
  { name: 'purchase', unit: 'cyd', days: 40, hours: 1, value: 2 },
  { name: 'purchase', unit: 'hal', days: 20, hours: 1, value: 100 },
];
const DAILY: readonly Daily[] = [
  { days: 31, group: 'test', units: 9 },
  { days: 30, group: 'test', units: 3 },
  { days: 2, group: 'test', units: 5 },
  { days: 2, group: 'control', units: 4 },
  { days: 2, group: 'control', units: 9, unitType: 'stable_id' },
  { days: 2, group: 'control', units: 9, isGate: true },
];

/** A query that `sluice connect` prints, by its name, on made rows. @param columns Those of its answer. */
function printedQuery(name: string, columns = '*'): string {
  const printed = readerQueries({ database: 'sluice' }).find((query) => query.name === name);
  if (printed === undefined) throw new Error(`sluice connect prints no query ${name}.`);
  const exposed = EXPOSED.map(({ unit, group, days, trait }): FirstExposure => {
    const at = { time: noonBefore(days), day: dayBefore(days) };
    return { experiment: 'button', unit, unitType: 'user_id', group, trait, at };
  });
  const bought = BOUGHT.map(({ name: event, unit, days, hours, value }) => [
    text(event),
    `${noonBefore(days)} + INTERVAL '${hours}' HOUR`,
    dayBefore(days),
    text(unit),
    `CAST(${value} AS double)`,
  ]);
  const daily = DAILY.map(({ days, group, units, unitType = 'user_id', isGate = false }) => [
    dayBefore(days),
    text('button'),
    text(group),
    text(unitType),
    isGate,
    units,
  ]);
  const sql = printed.sql.replaceAll('"sluice".', '');
  return onMadeRows(`SELECT ${columns} FROM (${sql}) ORDER BY 1, 2`, {
    first_exposures: firstExposureRows(exposed),
    product_events: valuesOf('event_name, "timestamp", ds, user_id, value_number', bought),
    daily_exposures: valuesOf('ds, experiment_id, group_id, unit_type, is_gate, units', daily),
  });
}

/** The queries that `sluice connect` prints. */
export const connectQueries: readonly AnalystQuery[] = [
  {
    title: 'sluice connect: exposed users by day and group',
    sql: printedQuery(
      'Exposed users by day and group',
      "date_diff('day', ds, current_date), experiment_group, users",
    ),
    answers: [
      ['2', 'button / control', '4'],
      ['2', 'button / test', '5'],
      ['30', 'button / test', '3'],
    ],
  },
  {
    title: 'sluice connect: split and crossovers',
    sql: printedQuery('Split and crossovers'),
    answers: [
      ['button', 'control', '5', '55.56', '0'],
      ['button', 'test', '4', '44.44', '1'],
    ],
  },
  {
    title: 'sluice connect: conversion by group',
    sql: printedQuery('Conversion by group'),
    // Cyd, Eve and Gus, and Ada and Bob: who was exposed 40 to 10 days ago, to one group.
    answers: [
      ['button', 'control', '3', '1', '33.33', '2'],
      ['button', 'test', '2', '1', '50', '6'],
    ],
  },
];
