import { defineErrorFamily } from '../../lib/base/errors.ts';
import { nearestNames } from '../../lib/base/text.ts';
import { addDays, isoTimestamp, type UtcDay, utcDay } from '../../lib/base/time.ts';
import { PRODUCTION } from '../../lib/views/View.ts';
import { askAthena, type Deployment } from '../deployment.ts';
import { queryCost } from '../prices.ts';
import {
  type EventCount,
  eventsQuery,
  historyQuery,
  MOST_EVENTS,
  MOST_PROPERTIES,
  type NameRows,
  type NameType,
  type PropertyCount,
  propertiesQuery,
  readEvent,
  readProperty,
  type TypeCount,
  valueTypes,
} from './nameQueries.ts';
import { type NameWarning, warnOfNames } from './nameWarnings.ts';

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
  /** Default {@link NAMES_LIMIT}, which is the most, too. */
  readonly limit?: number | undefined;
}

/** Days of a list: metadata is the largest column, and all of it is read. */
export const NAMES_DAYS = 7;
/** Events of a page. */
export const NAMES_LIMIT = 50;
/** Days before the list in which an event that seems new is looked for. Only its name is read there. */
const HISTORY_DAYS = 90;
/** Events that are looked for there. */
const MOST_LOOKED_FOR = 200;
/** Warnings that an answer has. */
const MOST_WARNINGS = 200;

/** A type and how often it occurred. */
export interface TypeShare {
  readonly type: NameType;
  readonly rows: number;
  /** Of the rows that have the property, of 1. */
  readonly share: number;
  readonly firstDay: UtcDay;
}

/** A property of an event's metadata. */
export interface PropertyName {
  readonly name: string;
  /** Rows that have it. */
  readonly rows: number;
  /** Of the event's rows, of 1. */
  readonly share: number;
  /** Epoch milliseconds. */
  readonly firstSeen: number;
  readonly lastSeen: number;
  /** Most frequent first. */
  readonly types: readonly TypeShare[];
}

/** An event name. */
export interface EventName {
  readonly name: string;
  readonly rows: number;
  /** Epoch milliseconds. */
  readonly firstSeen: number;
  readonly lastSeen: number;
  /** Rows of each day, from the first to the last. */
  readonly days: readonly number[];
  /** Types of `value`; `none` where there was none. */
  readonly value: readonly TypeShare[];
  /** Those in the most rows first. */
  readonly properties: readonly PropertyName[];
  /** How many there are, listed or not. */
  readonly propertyCount: number;
  /** Kinds of the warnings about it, each once. */
  readonly warnings: readonly NameWarning['kind'][];
}

/** Event names and their properties, and what is odd about them. */
export interface Names {
  readonly environment: string;
  /** The first and the last day. */
  readonly from: UtcDay;
  readonly to: UtcDay;
  /** Those with the most rows first. */
  readonly events: readonly EventName[];
  /** How many events there are in all. */
  readonly total: number;
  /** Whether there are more events than are read: those with the fewest rows are left out. */
  readonly isCut: boolean;
  /** About all events, also those that are not listed; the kinds that matter most first. */
  readonly warnings: readonly NameWarning[];
  /** Warnings beyond those. */
  readonly warningsLeftOut: number;
  /** Bytes that Athena read, and the price of it. */
  readonly scannedBytes: number;
  readonly usd: number;
}

/**
 * Lists event names and their properties with types and counts, and warns of what a tracking plan would: changes of types,
 * mixed types, new names, names that differ only in writing, events that stopped.
 *
 * It counts rows as they landed, so a resend counts again. The SDKs' own telemetry is left out. A `value` is stored as text,
 * so one that can be read as a number counts as a number.
 *
 * @throws NamesError; ObserveError; what AWS clients throw.
 */
export async function listNames(
  deployment: Pick<Deployment, 'config' | 'now' | 'athena' | 'clock' | 'wait' | 'random' | 'signal'>,
  options: NamesOptions = {},
): Promise<Names> {
  const { config, now } = deployment;
  const { environment = PRODUCTION, days = NAMES_DAYS, event, search = '' } = options;
  const limit = Math.min(options.limit ?? NAMES_LIMIT, NAMES_LIMIT);
  const to = utcDay(now);
  const rows: NameRows = { environment, from: addDays(to, 1 - days), event };
  let scannedBytes = 0;
  const ask = async (sql: string) => {
    const answer = await askAthena(deployment, sql);
    scannedBytes += answer.scannedBytes;
    return answer.rows;
  };
  const counted = (await ask(eventsQuery(config, rows))).map(readEvent);
  if (event !== undefined && counted.length === 0) await refuseUnknown(event);
  const all = counted.slice(0, MOST_EVENTS);
  const wanted = all.filter((one) => one.event.toLowerCase().includes(search.toLowerCase()));
  const page = wanted.slice(0, limit);
  const properties = await askProperties();
  const isCut = counted.length > MOST_EVENTS;
  const warnings = warnOfNames({
    events: all,
    properties,
    days,
    dayAt: (day) => addDays(rows.from, day),
    seenBefore: await askHistory(),
  });
  const kindsOf = Map.groupBy(warnings, (warning) => warning.event);
  return {
    environment,
    from: rows.from,
    to,
    events: page.map((one) => ({
      ...describeEvent(one, properties, days, rows.from),
      warnings: [...new Set((kindsOf.get(one.event) ?? []).map(({ kind }) => kind))],
    })),
    total: wanted.length,
    isCut,
    warnings: warnings.slice(0, MOST_WARNINGS),
    warningsLeftOut: Math.max(0, warnings.length - MOST_WARNINGS),
    scannedBytes,
    usd: queryCost(scannedBytes),
  };

  async function askProperties(): Promise<readonly PropertyCount[]> {
    if (all.length === 0) return [];
    const asked = (page.length > 0 ? page : all.slice(0, 1)).map((one) => one.event);
    const most = event === undefined ? MOST_PROPERTIES.listed : MOST_PROPERTIES.alone;
    return (await ask(propertiesQuery(config, rows, { events: asked, most }))).map(readProperty);
  }

  /** Which events have rows before the days; undefined if nothing has. */
  async function askHistory(): Promise<ReadonlySet<string> | undefined> {
    const late = all.filter(({ parts }) => parts.every(({ day }) => day > 0)).map((one) => one.event);
    if (late.length === 0) return new Set();
    const since = addDays(rows.from, -HISTORY_DAYS);
    const found = await ask(historyQuery(config, rows, { events: late.slice(0, MOST_LOOKED_FOR), since }));
    if (found.length === 0) return undefined;
    // Of those that are not looked for, nothing is said.
    return new Set([...found.flatMap((row) => row['event'] ?? []), ...late.slice(MOST_LOOKED_FOR)]);
  }

  async function refuseUnknown(name: string): Promise<never> {
    const known = (await ask(eventsQuery(config, { ...rows, event: undefined }))).map(readEvent);
    const near = nearestNames(
      name,
      known.map((one) => one.event),
    );
    const hint = near.length === 0 ? '' : ` Did you mean ${near.join(' or ')}?`;
    throw new NamesError('SLUICE_NAMES_UNKNOWN_EVENT', `${name}, ${rows.from} to ${to}.${hint}`);
  }
}

function describeEvent(
  event: EventCount,
  all: readonly PropertyCount[],
  days: number,
  from: UtcDay,
): Omit<EventName, 'warnings'> {
  const own = all.filter((property) => property.event === event.event);
  const byDay = Array.from({ length: days }, () => 0);
  for (const { day, rows } of event.parts) if (day < days) byDay[day] = (byDay[day] ?? 0) + rows;
  return {
    name: event.event,
    rows: event.rows,
    firstSeen: event.firstAt,
    lastSeen: event.lastAt,
    days: byDay,
    value: shares(valueTypes(event), event.rows, from),
    properties: own
      .map(({ property, rows, types }) => ({
        name: property,
        rows,
        share: rows / event.rows,
        firstSeen: Math.min(...types.map(({ firstAt }) => firstAt ?? Number.POSITIVE_INFINITY)),
        lastSeen: Math.max(...types.map(({ lastAt }) => lastAt ?? 0)),
        types: shares(types, rows, from),
      }))
      .sort((one, other) => other.rows - one.rows || (one.name < other.name ? -1 : 1)),
    propertyCount: own[0]?.properties ?? 0,
  };
}

function shares(types: readonly TypeCount[], rows: number, from: UtcDay): readonly TypeShare[] {
  return types.map((one) => ({
    type: one.type,
    rows: one.rows,
    share: one.rows / rows,
    firstDay: addDays(from, one.firstDay),
  }));
}

/** The names as documented JSON: docs/reference/cli.md. Times are ISO 8601. */
export function namesJson(names: Names) {
  const types = (shown: readonly TypeShare[]) =>
    shown.map(({ type, rows, share, firstDay }) => ({ type, rows, share, first_day: firstDay }));
  return {
    environment: names.environment,
    from: names.from,
    to: names.to,
    events: names.events.map((event) => ({
      event: event.name,
      rows: event.rows,
      first_seen: isoTimestamp(event.firstSeen),
      last_seen: isoTimestamp(event.lastSeen),
      days: event.days,
      value: types(event.value),
      properties: event.properties.map((property) => ({
        property: property.name,
        rows: property.rows,
        share: property.share,
        first_seen: isoTimestamp(property.firstSeen),
        last_seen: isoTimestamp(property.lastSeen),
        types: types(property.types),
      })),
      property_count: event.propertyCount,
      warnings: event.warnings,
    })),
    total: names.total,
    cut: names.isCut,
    warnings: names.warnings,
    warnings_left_out: names.warningsLeftOut,
    scanned_bytes: names.scannedBytes,
    usd: names.usd,
  };
}
