import { addDays, isoTimestamp, type UtcDay } from '../base/time.ts';
import type { ListedExperiment } from '../experiments/judgeSplits.ts';
import { SUSPICIOUS_BELOW } from '../experiments/testGroups.ts';
import type { EventCount } from '../names/nameQueries.ts';
import { MONITORED_DAYS, type Monitors } from '../schema/fields/monitors.ts';
import type { IsOpen, Look, MonitorFinding } from './monitorFindings.ts';

const HOUR_MS = 3_600_000;
/** An experiment without an exposure for so long does not run any more. */
const RUNNING_MS = 48 * HOUR_MS;
/** A share that was told ends only below its threshold divided by this. */
const HYSTERESIS = 2;
const WEEK = 7;
/** Days from the first of the lake on in which every name is new. */
const FIRST_DAYS = 3;
/** New names that are told one by one: anybody with a client key can send names. */
const MOST_NEW = 20;
/** Probability below which it is no chance that all rows of a type came after others: there are many names, and many days. */
const CHANCE = 1e-6;
/** Share of a subject's rows from which a type is told. */
const LEAST_TYPE_SHARE = 0.01;

type Options<Name extends keyof Monitors> = Exclude<Monitors[Name], false>;

/** Judges the splits of experiments. @param now Epoch milliseconds. */
export function judgeExperiments(
  experiments: readonly ListedExperiment[],
  { alpha, ignore }: Options<'sampleRatio'>,
  { now, isOpen }: { readonly now: number; readonly isOpen: IsOpen },
): Look {
  const isIgnored = matcher(ignore);
  const running = experiments.filter(
    ({ experiment, lastSeen }) => lastSeen !== null && now - lastSeen < RUNNING_MS && !isIgnored(experiment),
  );
  const untested = new Set(
    running.filter(({ verdict }) => verdict === 'not_tested').map((one) => subjectOf(one)),
  );
  const found = running.flatMap((one): MonitorFinding[] => {
    const subject = subjectOf(one);
    const goesOn =
      one.pValue !== null &&
      one.pValue < Math.max(SUSPICIOUS_BELOW, alpha) &&
      isOpen('SLUICE_MONITOR_SPLIT', subject);
    if (one.verdict !== 'mismatch' && !goesOn) return [];
    return [
      {
        ...{ code: 'SLUICE_MONITOR_SPLIT', monitor: 'sampleRatio', subject, text: splitText(one, alpha) },
        command: ['check', one.experiment, ...(one.isGate ? ['--gate'] : [])],
      },
    ];
  });
  return { monitor: 'sampleRatio', found, isUnknown: ({ subject }) => untested.has(subject) };
}

function subjectOf({ experiment, isGate }: Pick<ListedExperiment, 'experiment' | 'isGate'>): string {
  return isGate ? `gate ${experiment}` : experiment;
}

function splitText({ groups, unexpectedGroups, pValue, units }: ListedExperiment, alpha: number): string {
  const counts = groups
    .map(({ groupId, groupName, units: own, expected }) =>
      expected === null
        ? `${groupName ?? groupId} ${count(own)}`
        : `${groupName ?? groupId} ${count(own)} (expected ${count(Math.round(expected))})`,
    )
    .join(', ');
  const why =
    unexpectedGroups.length > 0
      ? `Groups that are not expected have units: ${unexpectedGroups.join(', ')}.`
      : `With the expected split this or worse happens in fewer than ${percent(alpha)} of experiments: p = ${(pValue ?? 0).toPrecision(2)}.`;
  return `${count(units)} units: ${counts}. ${why}`;
}

/** When a table last got a row. */
export interface TableFreshness {
  readonly table: string;
  /** Epoch milliseconds; null without a row within the days that were read. */
  readonly newestAt: number | null;
}

/** Judges tables by their newest rows. @param now Epoch milliseconds. */
export function judgeFreshness(
  tables: readonly TableFreshness[],
  options: Options<'freshness'>,
  { now, isOpen }: { readonly now: number; readonly isOpen: IsOpen },
): Look {
  const found = tables.flatMap(({ table, newestAt }): MonitorFinding[] => {
    const hours = options.tables[table] ?? options.hours;
    const code = 'SLUICE_MONITOR_TABLE_LATE';
    const isLate =
      hours !== false && (newestAt === null ? isOpen(code, table) : now - newestAt >= hours * HOUR_MS);
    if (!isLate) return [];
    const since =
      newestAt === null
        ? 'It has had no row for more than a week'
        : `Its newest row is of ${isoTimestamp(newestAt)}, ${count(Math.floor((now - newestAt) / HOUR_MS))} hours ago`;
    return [
      {
        ...{ code, monitor: 'freshness', subject: table, text: `${since}: it may have ${hours} hours.` },
        command: ['status'],
      },
    ];
  });
  return { monitor: 'freshness', found, isUnknown: () => false };
}

/** Event names and the types of their values, by day. */
export interface NameFacts {
  /** The first of {@link MONITORED_DAYS} days, all of them over. */
  readonly from: UtcDay;
  readonly events: readonly Pick<EventCount, 'event' | 'parts'>[];
  /** Properties that had several types. */
  readonly properties: readonly {
    readonly event: string;
    readonly property: string;
    readonly parts: EventCount['parts'];
  }[];
  /** Whether the names with the fewest rows are missing. */
  readonly isCut: boolean;
}

/** Judges event names: those that fell silent, appeared, or changed a type. */
export function judgeNames(facts: NameFacts, { leastRows, ignore }: Options<'events'>, isOpen: IsOpen): Look {
  const isIgnored = matcher(ignore);
  const events = facts.events
    .filter(({ event }) => !isIgnored(event))
    .map(({ event, parts }) => ({ event, parts, rows: rowsByDay(parts) }));
  const lakeDay = Math.min(...facts.events.map(({ parts }) => firstDay(rowsByDay(parts))), MONITORED_DAYS);
  const dayAt = (day: number) => addDays(facts.from, day);
  const isNew = ({ rows }: { readonly rows: readonly number[] }) => {
    const first = firstDay(rows);
    // Eight days of rows, or the first days of the lake, are no news.
    return first > WEEK && first < MONITORED_DAYS && first >= lakeDay + FIRST_DAYS && !facts.isCut;
  };
  const fresh = events.filter((event) => isNew(event) && sum(event.rows) >= leastRows);
  const found = [
    ...events.flatMap(({ event, rows }) => findSilence(event, rows)),
    ...fresh.slice(0, MOST_NEW).map(({ event, rows }) =>
      about('SLUICE_MONITOR_EVENT_NEW', event, {
        subject: event,
        text: `${event} has ${count(sum(rows))} rows since ${dayAt(firstDay(rows))}, and had none before.`,
      }),
    ),
    ...(fresh.length > MOST_NEW
      ? [
          {
            ...({
              code: 'SLUICE_MONITOR_EVENT_NEW',
              monitor: 'events',
              subject: '*',
              command: ['names'],
            } as const),
            text: `${count(fresh.length - MOST_NEW)} more event names are new: some may be made of data, such as an ID.`,
          },
        ]
      : []),
    ...events
      .filter((event) => !isNew(event))
      .flatMap(({ event, parts }) => findTypes({ event, property: null, parts })),
    ...facts.properties
      .filter(({ event }) => !isIgnored(event) && !fresh.some((one) => one.event === event))
      .flatMap(findTypes),
  ];
  const present = new Set(facts.events.map(({ event }) => event));
  return {
    monitor: 'events',
    found,
    // An event that is silent for longer than the days that are read is not in them.
    isUnknown: ({ code, subject }) =>
      code === 'SLUICE_MONITOR_EVENT_SILENT' && !present.has(subject) && !isIgnored(subject),
  };

  /** Rows are missing that the mean of the days before, and the same day of the week before, would have had. */
  function findSilence(event: string, rows: readonly number[]): readonly MonitorFinding[] {
    const first = firstDay(rows);
    const last = rows.findLastIndex((own) => own > 0);
    if (last === -1 || last === MONITORED_DAYS - 1) return [];
    const mean = sum(rows) / (last - first + 1);
    let missing = 0;
    for (let day = last + 1; day < MONITORED_DAYS; day += 1)
      missing += Math.min(mean, day - WEEK >= first ? (rows[day - WEEK] ?? 0) : mean);
    if (missing < leastRows && !isOpen('SLUICE_MONITOR_EVENT_SILENT', event)) return [];
    return [
      about('SLUICE_MONITOR_EVENT_SILENT', event, {
        subject: event,
        text: `${event} has had no rows since ${dayAt(last + 1)}; before it had ${count(Math.round(mean))} a day.`,
      }),
    ];
  }

  /** A type that came within the week, that is still there, and that would have been there before. */
  function findTypes({
    event,
    property,
    parts,
  }: {
    readonly event: string;
    readonly property: string | null;
    readonly parts: EventCount['parts'];
  }): readonly MonitorFinding[] {
    const typed = parts.filter(
      ({ type, day }) => type !== 'null' && type !== 'none' && day >= 0 && day < MONITORED_DAYS,
    );
    const byType = Map.groupBy(typed, ({ type }) => type);
    const begin = Math.min(...typed.map(({ day }) => day));
    const lastDay = Math.max(...typed.map(({ day }) => day));
    return [...byType].flatMap(([type, own]) => {
      const first = Math.min(...own.map(({ day }) => day));
      if (first <= begin || first <= WEEK || !own.some(({ day }) => day === lastDay)) return [];
      const rows = sum(own.map((part) => part.rows));
      const since = sum(typed.filter(({ day }) => day >= first).map((part) => part.rows));
      const before = typed.filter(({ day }) => day < first);
      const share = rows / since;
      // Had the type always been as frequent, each of its rows might have been any of all rows.
      const chance = (since / (since + sum(before.map((part) => part.rows)))) ** rows;
      if (share < LEAST_TYPE_SHARE || chance >= CHANCE) return [];
      const name = property === null ? `The value of ${event}` : `${property} of ${event}`;
      const types = [...new Set(before.map((part) => part.type))].join(' or ');
      return [
        about('SLUICE_MONITOR_TYPE_CHANGED', event, {
          subject: `${event} ${property === null ? 'value' : `metadata.${property}`}: ${type}`,
          text: `${name} was ${types} until ${dayAt(first - 1)}; since ${dayAt(first)} ${percent(share)} of its rows are ${type}.`,
        }),
      ];
    });
  }

  function about(
    code: MonitorFinding['code'],
    event: string,
    of: Pick<MonitorFinding, 'subject' | 'text'>,
  ): MonitorFinding {
    return { code, monitor: 'events', ...of, command: ['names', '--event', event, '--days', '15'] };
  }
}

/** Counts of the collector within 24 hours. */
export interface RefusalCounts {
  readonly requests: number;
  readonly refused: number;
  /** Events in requests that could be read. */
  readonly events: number;
  readonly quarantined: number;
}

/** Judges the shares of refused requests and quarantined events. */
export function judgeRefusals(counts: RefusalCounts, options: Options<'refused'>, isOpen: IsOpen): Look {
  const found = [
    ...judgeShare('requests', counts.refused, counts.requests, 'requests were refused', ['status']),
    ...judgeShare('quarantine', counts.quarantined, counts.events, 'events went to quarantine', [
      'quarantine',
    ]),
  ];
  return { monitor: 'refused', found, isUnknown: () => false };

  function judgeShare(
    subject: string,
    part: number,
    all: number,
    words: string,
    command: readonly string[],
  ): readonly MonitorFinding[] {
    const code = 'SLUICE_MONITOR_REFUSED';
    const open = isOpen(code, subject);
    const from = open ? options.share / HYSTERESIS : options.share;
    if (all === 0 || (all < options.least && !open) || part / all < from) return [];
    const text = `${percent(part / all)} of ${count(all)} ${words} within 24 hours.`;
    return [{ code, monitor: 'refused', subject, text, command }];
  }
}

/** Rows on each of the days, whatever the type of the value. */
function rowsByDay(parts: EventCount['parts']): readonly number[] {
  const rows = Array.from({ length: MONITORED_DAYS }, () => 0);
  for (const { day, rows: own } of parts)
    if (day >= 0 && day < MONITORED_DAYS) rows[day] = (rows[day] ?? 0) + own;
  return rows;
}

/** {@link MONITORED_DAYS} if there is none. */
function firstDay(rows: readonly number[]): number {
  const first = rows.findIndex((own) => own > 0);
  return first === -1 ? MONITORED_DAYS : first;
}

/** Whether a name is one of a list, in which `*` stands for any characters. */
function matcher(patterns: readonly string[]): (name: string) => boolean {
  const literal = (text: string) => text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
  const all = patterns.map((pattern) => new RegExp(`^${pattern.split('*').map(literal).join('.*')}$`, 's'));
  return (name) => all.some((one) => one.test(name));
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function percent(part: number): string {
  return `${(part * 100).toLocaleString('en-US', { maximumFractionDigits: part < 0.1 ? 2 : 0 })} %`;
}

function count(value: number): string {
  return value.toLocaleString('en-US');
}
