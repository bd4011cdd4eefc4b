import { isJsonObject, parseJson } from '../../base/json.ts';
import { emfLine, METRIC_NAMESPACE, type Metric } from '../../base/log.ts';
import { type TableKind, tableKinds } from '../../schema/kinds.ts';
import type { LandedPart } from '../lines/landedLines.ts';
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
  /** Events of the hour of the last row, by table, which are added once another hour begins. */
  readonly #inHour: Record<TableKind, number> = { exposures: 0, events: 0, quarantine: 0 };
  /** The hour of the last row, as its bytes: rows of a record have one, and those of an object nearly always. */
  readonly #hour = Buffer.alloc(HOUR_BYTES);

  /** @param earlier What earlier runs have written of the object. */
  constructor(earlier: FinishedEvents = {}) {
    for (const [name, count] of Object.entries(earlier)) this.#counts.set(name, count);
  }

  /** Adds lines of it. */
  add({ text, lines }: Pick<LandedPart, 'text' | 'lines'>): void {
    for (const { kind, rowFrom, to } of lines) {
      const at = timeIn(text, rowFrom, to);
      if (at === null) continue;
      // Making a text of each hour would take several times as long.
      if (text.compare(this.#hour, 0, HOUR_BYTES, at, at + HOUR_BYTES) !== 0) {
        this.#endHour();
        text.copy(this.#hour, 0, at, at + HOUR_BYTES);
      }
      this.#inHour[kind] += kind === 'quarantine' ? eventsOf(text.toString('utf8', rowFrom, to - 2)) : 1;
    }
  }

  /** Notes that its table does not take a row. */
  refuse(kind: TableKind, row: string): void {
    const text = Buffer.from(row);
    const at = timeIn(text, 0, text.length);
    if (at !== null)
      this.#count(finishedMetrics[kind].refused, text.toString('latin1', at, at + HOUR_BYTES), 1);
  }

  get counts(): FinishedEvents {
    this.#endHour();
    return Object.fromEntries(this.#counts);
  }

  #endHour(): void {
    const hour = this.#hour.toString('latin1');
    for (const kind of tableKinds) {
      this.#count(finishedMetrics[kind].finished, hour, this.#inHour[kind]);
      this.#inHour[kind] = 0;
    }
  }

  #count({ name }: Metric, hour: string, events: number): void {
    if (!HOUR.test(hour) || events === 0) return;
    const at = `${name} ${hour}`;
    this.#counts.set(at, (this.#counts.get(at) ?? 0) + events);
  }
}

/** How many events a row of quarantine is of. */
function eventsOf(text: string): number {
  const row = parseJson(text);
  return isJsonObject(row) ? eventsOfRefusal(row) : 1;
}

/**
 * What is before the time in a row, but for its first quote: of that a row has hundreds, at each of which a search would stop. No
 * value can have it: a text of JSON has no quote that is not escaped. The name of another column may end so.
 */
const RECEIVED_AT = Buffer.from('received_at":"');
const QUOTE = 0x22;
const HOUR = /^\d{4}-\d\d-\d\dT\d\d$/;
const HOUR_BYTES = 'YYYY-MM-DDTHH'.length;

/** Where the time of receipt begins in the row between two bytes; null if the row does not say. */
function timeIn(text: Buffer, from: number, to: number): number | null {
  // Of the row alone: a row without a time does not have all that follow searched.
  const row = text.subarray(from, to);
  let found = row.indexOf(RECEIVED_AT);
  while (found > 0 && row[found - 1] !== QUOTE) found = row.indexOf(RECEIVED_AT, found + 1);
  const at = found + RECEIVED_AT.length;
  return found <= 0 || at + HOUR_BYTES > row.length ? null : from + at;
}

/** The lines for the metrics of deleted objects, each with the hour of its events as its time. */
export function finishedLines(
  objects: readonly FinishedEvents[],
  stage: string,
): Readonly<Record<string, unknown>>[] {
  const counts = objects.flatMap((one) => Object.entries(one));
  return [...Map.groupBy(counts, ([at]) => at.slice(-HOUR_BYTES))].flatMap(([hour, own]) => {
    const timestamp = Date.parse(`${hour}:00:00Z`);
    if (!Number.isFinite(timestamp)) return [];
    const values = METRICS.flatMap((metric) => {
      const same = own.filter(([at]) => at === `${metric.name} ${hour}`);
      return same.length === 0 ? [] : [[metric, same.reduce((sum, [, count]) => sum + count, 0)] as const];
    });
    const dimensions = { function: 'write', stage };
    const line = emfLine({ namespace: METRIC_NAMESPACE, timestamp, dimensions, values });
    return line === null ? [] : [line];
  });
}

const METRICS = Object.values(finishedMetrics).flatMap(({ finished, refused }) => [finished, refused]);
