import { isJsonObject, parseJson } from '../../base/json.ts';
import { countMetric, emfLine, METRIC_NAMESPACE, type Metric } from '../../base/log.ts';
import { sum } from '../../base/sum.ts';
import type { TableKind } from '../../schema/kinds.ts';
import type { FinishedEvents } from '../LandingNote.ts';
import { type LandedPart, rowJson } from '../lines/landedLines.ts';
import { hourIn } from '../lines/receivedHours.ts';
import { eventsOfRefusal } from '../quarantineReasons.ts';

/**
 * The writer's metrics, by table: events of objects of the landing that it has written and deleted, and those of them
 * that their table did not take. docs/metrics.md describes them.
 */
export const finishedMetrics = {
  exposures: finishedMetric('exposures'),
  events: finishedMetric('events'),
  quarantine: finishedMetric('quarantine'),
} as const satisfies Record<TableKind, unknown>;

/** The metrics of one table. */
function finishedMetric(kind: TableKind) {
  return {
    finished: countMetric('write', `${kind}_finished`),
    refused: countMetric('write', `${kind}_refused`),
  };
}

/** Counts the events of an object. */
export class EventCounter {
  readonly counts: FinishedEvents;
  /** The hour counted last: all rows of a record have the same hour, and rows of an object nearly always. */
  #hour = '';
  #inHour: Record<string, number> = {};

  /** @param earlier What earlier runs have counted of the object. */
  constructor(earlier: FinishedEvents = {}) {
    this.counts = structuredClone(earlier);
  }

  /** Adds lines of the object. */
  add({ text, lines }: Pick<LandedPart, 'text' | 'lines'>): void {
    for (const line of lines) {
      const { kind, hour } = line;
      const events = kind === 'quarantine' ? eventsOf(rowJson(text, line)) : 1;
      this.#count(finishedMetrics[kind].finished, events, hour ?? hourIn(text, line.rowFrom, line.to));
    }
  }

  /** Notes that the table of a row does not take it. */
  refuse(kind: TableKind, row: string): void {
    const text = Buffer.from(row);
    this.#count(finishedMetrics[kind].refused, 1, hourIn(text, 0, text.length));
  }

  /** Adds events to a metric of an hour. Events of no known hour are not counted. */
  #count({ name }: Metric, events: number, hour: string | null): void {
    if (hour === null) return;
    if (hour !== this.#hour) {
      this.counts[hour] ??= {};
      this.#inHour = this.counts[hour];
      this.#hour = hour;
    }
    this.#inHour[name] = (this.#inHour[name] ?? 0) + events;
  }
}

/** How many events a row of quarantine stands for. */
function eventsOf(text: string): number {
  const row = parseJson(text);
  return isJsonObject(row) ? eventsOfRefusal(row) : 1;
}

/** The lines for the metrics of deleted objects, each with the hour of its events as its time. */
export function finishedLines(
  objects: readonly FinishedEvents[],
  stage: string,
): Readonly<Record<string, unknown>>[] {
  const counts = objects.flatMap((hours) => Object.entries(hours));
  return [...Map.groupBy(counts, ([hour]) => hour)].flatMap(([hour, ofHour]) => {
    const timestamp = Date.parse(`${hour}:00:00Z`);
    if (Number.isNaN(timestamp)) return [];
    const values = METRICS.map((metric) => {
      const total = sum(ofHour.map(([, events]) => events[metric.name] ?? 0));
      return [metric, total] as const;
    }).filter(([, total]) => total > 0);
    const line = emfLine({ namespace: METRIC_NAMESPACE, timestamp, dimensions: { stage }, values });
    return line === null ? [] : [line];
  });
}

/** The metrics of all tables. */
const METRICS = Object.values(finishedMetrics).flatMap(({ finished, refused }) => [finished, refused]);
