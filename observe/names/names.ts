import { defineErrorFamily } from '../../lib/base/errors.ts';
import { addDays, isoTimestamp, type UtcDay, utcDay } from '../../lib/base/time.ts';
import { PRODUCTION } from '../../lib/views/View.ts';
import { askAthena, type Deployment } from '../deployment.ts';
import { queryCost } from '../prices.ts';
import {
  eventsQuery,
  historyQuery,
  MOST_EVENTS,
  MOST_PROPERTIES,
  type NameCount,
  type NameRows,
  propertiesQuery,
  readName,
} from './nameQueries.ts';
import { firstDay, warnOfNames } from './nameWarnings.ts';

/** Errors of lists of names. */
export const NamesError = defineErrorFamily('user', {
  SLUICE_NAMES_UNKNOWN_EVENT: {
    cause: 'No event of that name has rows within the days.',
    cure: 'Use a name as `sluice names` lists it, or more --days. Rows that a stream still buffers are not counted yet.',
  },
});

/** Options of the list. */
export interface NamesOptions {
  /** Days that are read, the last one today. Default {@link NAMES_DAYS}. */
  readonly days?: number | undefined;
  /** Only this event, with all of its properties. */
  readonly event?: string | undefined;
  /** Default `production`. */
  readonly environment?: string | undefined;
  /** Only names that contain the text, whatever its case. */
  readonly search?: string | undefined;
}

/** Days of a list: metadata is the largest column, and all of it is read. */
export const NAMES_DAYS = 7;
/** Events of a list. */
const NAMES_LIMIT = 50;
/** Days before the list in which an event that seems new is looked for. Only its name is read there. */
const HISTORY_DAYS = 90;
/** Events that are looked for there. */
const MOST_LOOKED_FOR = 200;
/** Warnings that an answer has. */
const MOST_WARNINGS = 200;

/** Event names and their properties, and what is odd about them, as JSON: docs/reference/json.md. */
export type Names = Awaited<ReturnType<typeof listNames>>;

/**
 * Lists event names and their properties with types and counts, and warns of changed types, new events, and events that
 * stopped.
 *
 * It counts rows as they landed, so a resend counts again. The SDKs' own telemetry is left out. A `value` is stored as text,
 * so one that can be read as a number counts as a number.
 *
 * @throws NamesError; ObserveError; what AWS clients throw.
 */
export async function listNames(
  deployment: Pick<Deployment, 'config' | 'now' | 'athena' | 'clock' | 'wait' | 'random' | 'signal'>,
  options: NamesOptions = {},
) {
  const { config, now } = deployment;
  const { environment = PRODUCTION, days = NAMES_DAYS, event, search = '' } = options;
  const to = utcDay(now);
  const rows: NameRows = { environment, from: addDays(to, 1 - days), event };
  let scannedBytes = 0;
  const ask = async (sql: string) => {
    const answer = await askAthena(deployment, sql);
    scannedBytes += answer.scannedBytes;
    return answer.rows;
  };
  const counted = (await ask(eventsQuery(config, rows))).map(readName);
  if (event !== undefined && counted.length === 0)
    throw new NamesError('SLUICE_NAMES_UNKNOWN_EVENT', `${event}, ${rows.from} to ${to}.`);
  const all = counted.slice(0, MOST_EVENTS);
  const wanted = all.filter((one) => one.event.toLowerCase().includes(search.toLowerCase()));
  const page = wanted.slice(0, NAMES_LIMIT);
  const properties = await askProperties();
  const warnings = warnOfNames({
    events: all,
    properties,
    days,
    dayAt: (day) => addDays(rows.from, day),
    seenBefore: await askHistory(),
  });
  return {
    environment,
    from: rows.from,
    to,
    /** Those with the most rows first. */
    events: page.map((one) => ({
      ...describeEvent(one, properties, rows.from),
      /** Kinds of the warnings about it, each once. */
      warnings: [...new Set(warnings.flatMap(({ kind, event: of }) => (of === one.event ? [kind] : [])))],
    })),
    /** How many events there are in all. */
    total: wanted.length,
    /** Whether there are more events than are read: those with the fewest rows are left out. */
    cut: counted.length > MOST_EVENTS,
    /** About all events, also those that are not listed; the kinds that matter most first. */
    warnings: warnings.slice(0, MOST_WARNINGS),
    /** Bytes that Athena read, and the price of it. */
    scanned_bytes: scannedBytes,
    usd: queryCost(scannedBytes),
  };

  async function askProperties(): Promise<readonly NameCount[]> {
    if (all.length === 0) return [];
    const asked = (page.length > 0 ? page : all.slice(0, 1)).map((one) => one.event);
    const most = event === undefined ? MOST_PROPERTIES.listed : MOST_PROPERTIES.alone;
    return (await ask(propertiesQuery(config, rows, { events: asked, most }))).map(readName);
  }

  /** Which events have rows before the days; undefined if nothing has. */
  async function askHistory(): Promise<ReadonlySet<string> | undefined> {
    const late = all.filter((one) => firstDay(one) > 0).map((one) => one.event);
    if (late.length === 0) return new Set();
    const since = addDays(rows.from, -HISTORY_DAYS);
    const found = await ask(historyQuery(config, rows, { events: late.slice(0, MOST_LOOKED_FOR), since }));
    if (found.length === 0) return undefined;
    // Of those that are not looked for, nothing is said.
    return new Set([...found.flatMap((row) => row['event'] ?? []), ...late.slice(MOST_LOOKED_FOR)]);
  }
}

function describeEvent(event: NameCount, all: readonly NameCount[], from: UtcDay) {
  const own = all.filter((property) => property.event === event.event);
  return {
    event: event.event,
    ...seen(event),
    /** Types of its value. */
    value: types(event, from),
    /** Those in the most rows first. */
    properties: own.map((one) => ({
      property: one.property ?? '',
      ...seen(one),
      /** Of the event's rows, of 1. */
      share: one.rows / event.rows,
      types: types(one, from),
    })),
    /** How many there are, listed or not. */
    property_count: own[0]?.properties ?? 0,
  };
}

function seen({ rows, firstAt, lastAt }: NameCount) {
  return { rows, first_seen: isoTimestamp(firstAt), last_seen: isoTimestamp(lastAt) };
}

/** The most frequent first; shares are of the rows that have the property, of 1. */
function types({ types: of, rows: all }: NameCount, from: UtcDay) {
  return of.map(({ type, rows, firstDay: day }) => ({
    ...{ type, rows, share: rows / all, first_day: addDays(from, day) },
  }));
}
