import { isJsonObject, parseJson } from '../../base/json.ts';
import { emfLine, METRIC_NAMESPACE, type Metric } from '../../base/log.ts';
import type { TableKind } from '../../schema/kinds.ts';
import type { LandedPart } from '../lines/LandedObject.ts';
import { eventsOfRefusal } from '../quarantineReasons.ts';

/**
 * The writer's metrics, by table: events of objects of the landing that it has written and deleted, and those of them that their
 * table did not take. docs/metrics.md describes them.
 */
export const finishedMetrics = {
  exposures: finishedMetric('exposures'),
  events: finishedMetric('events'),
  quarantine: finishedMetric('quarantine'),
} as const satisfies Record<TableKind, unknown>;

function finishedMetric(kind: TableKind): Readonly<Record<'finished' | 'refused', Metric>> {
  return {
    finished: { name: `${kind}_finished`, unit: 'Count' },
    refused: { name: `${kind}_refused`, unit: 'Count' },
  };
}

/** Events by the name of their metric and the hour in which they were received: `events_finished 2026-11-20T07`. */
export type FinishedEvents = Readonly<Record<string, number>>;

/** Counts the events of an object. */
export class EventCounter {
  readonly #counts = new Map<string, number>();

  /** @param earlier What earlier runs have written of the object. */
  constructor(earlier: FinishedEvents = {}) {
    for (const [name, count] of Object.entries(earlier)) this.#counts.set(name, count);
  }

  /** Adds lines of it. */
  add({ text, lines }: Pick<LandedPart, 'text' | 'lines'>): void {
    for (const { kind, rowFrom, to } of lines) {
      const row = kind === 'quarantine' ? parseJson(text.toString('utf8', rowFrom, to - 2)) : null;
      const events = isJsonObject(row) ? eventsOfRefusal(row) : 1;
      this.#count(finishedMetrics[kind].finished, hourOf(text, rowFrom, to), events);
    }
  }

  /** Notes that its table does not take a row. */
  refuse(kind: TableKind, row: string): void {
    const text = Buffer.from(row);
    this.#count(finishedMetrics[kind].refused, hourOf(text, 0, text.length), 1);
  }

  get counts(): FinishedEvents {
    return Object.fromEntries(this.#counts);
  }

  #count({ name }: Metric, hour: string | null, events: number): void {
    if (hour === null || events === 0) return;
    const at = `${name} ${hour}`;
    this.#counts.set(at, (this.#counts.get(at) ?? 0) + events);
  }
}

/** What is before the time in a row. No value can have it: a text of JSON has no quote that is not escaped. */
const RECEIVED_AT = Buffer.from('"received_at":"');
const HOUR = /^\d{4}-\d\d-\d\dT\d\d$/;

/** The hour in which the row between two bytes was received; null if it does not say. */
function hourOf(text: Buffer, from: number, to: number): string | null {
  // Of the row alone: a row without a time does not have all that follow searched.
  const at = text.subarray(from, to).indexOf(RECEIVED_AT);
  if (at < 0) return null;
  const begin = from + at + RECEIVED_AT.length;
  const hour = text.toString('latin1', begin, begin + 13);
  return HOUR.test(hour) ? hour : null;
}

/** The lines for the metrics of deleted objects, each with the hour of its events as its time. */
export function finishedLines(
  objects: readonly FinishedEvents[],
  stage: string,
): Readonly<Record<string, unknown>>[] {
  const hours = new Map<string, Map<string, number>>();
  for (const [at, count] of objects.flatMap((counts) => Object.entries(counts))) {
    const [name = '', hour = ''] = at.split(' ');
    const sums = hours.get(hour) ?? new Map<string, number>();
    sums.set(name, (sums.get(name) ?? 0) + count);
    hours.set(hour, sums);
  }
  return [...hours].flatMap(([hour, sums]) => {
    const timestamp = Date.parse(`${hour}:00:00Z`);
    if (!Number.isFinite(timestamp)) return [];
    const values = METRICS.flatMap((metric) => {
      const sum = sums.get(metric.name);
      return sum === undefined ? [] : [[metric, sum] as const];
    });
    const dimensions = { function: 'write', stage };
    const line = emfLine({ namespace: METRIC_NAMESPACE, timestamp, dimensions, values });
    return line === null ? [] : [line];
  });
}

const METRICS = Object.values(finishedMetrics).flatMap(({ finished, refused }) => [finished, refused]);
