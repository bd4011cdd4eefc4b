import type { UtcDay } from '../../lib/base/time.ts';
import { type EventCount, type PropertyCount, type TypeCount, valueTypes } from './nameQueries.ts';

/** Kinds of warnings, those that matter most first. */
const KINDS = ['type_changed', 'stopped', 'new_event'] as const;

/** Something odd about a name. */
export interface NameWarning {
  readonly kind: (typeof KINDS)[number];
  readonly event: string;
  /** The property of its metadata; null if it is about the event or its `value`. */
  readonly property: string | null;
  /** Since when. */
  readonly day: UtcDay;
  /** A sentence for people, without the names. */
  readonly text: string;
}

/** The input of the warnings. */
interface CountedNames {
  readonly events: readonly EventCount[];
  readonly properties: readonly PropertyCount[];
  /** Days that were read. */
  readonly days: number;
  dayAt(day: number): UtcDay;
  /** Events with rows before; undefined if there are no rows at all before. */
  readonly seenBefore: ReadonlySet<string> | undefined;
}

/** Rows that must be missing before an event counts as stopped: fewer may be chance. */
const LEAST_MISSED = 10;

/** Whole days without rows after which an event counts as stopped. */
const STOPPED_DAYS = 3;

/** Warnings of types that changed, events that stopped, and new ones. */
export function warnOfNames(names: CountedNames): readonly NameWarning[] {
  const { events, properties } = names;
  const isNew = newEvents(names);
  const warnings = [
    ...events.flatMap((event) => [
      ...warnOfTypes(names, { event: event.event, property: null }, valueTypes(event)),
      ...(isNew(event) ? [warnOfNew(names, event)] : []),
      ...warnOfStop(names, event),
    ]),
    ...properties.flatMap((property) => warnOfTypes(names, property, property.types)),
  ];
  return warnings.sort(
    (one, other) => KINDS.indexOf(one.kind) - KINDS.indexOf(other.kind) || other.day.localeCompare(one.day),
  );
}

/** A type that came later than the first is a change. Null is no type. */
function warnOfTypes(
  { dayAt }: CountedNames,
  { event, property }: { readonly event: string; readonly property: string | null },
  all: readonly TypeCount[],
): readonly NameWarning[] {
  const types = all.filter(({ type }) => type !== 'null' && type !== 'none');
  const rows = types.reduce((sum, one) => sum + one.rows, 0);
  const begin = Math.min(...types.map(({ firstDay }) => firstDay));
  const subject = property === null ? 'its value' : 'it';
  const share = (one: TypeCount) => `${percent(one.rows / rows)} ${one.type}`;
  return types
    .filter(({ firstDay }) => firstDay > begin)
    .map((one) => ({
      kind: 'type_changed',
      event,
      property,
      day: dayAt(one.firstDay),
      text: `Until ${dayAt(one.firstDay - 1)} ${subject} was ${list(before(types, one).map(({ type }) => type))}; since ${dayAt(one.firstDay)} ${subject} is also ${one.type} (${list(types.map(share))}).`,
    }));
}

function before(types: readonly TypeCount[], one: TypeCount): readonly TypeCount[] {
  return types.filter(({ firstDay }) => firstDay < one.firstDay);
}

/** Without rows before the days, events of the first day with rows are as old as the lake. */
function newEvents({ events, seenBefore }: CountedNames): (event: EventCount) => boolean {
  const lakeDay = Math.min(...events.map(firstDay));
  return (event) =>
    firstDay(event) > 0 &&
    (seenBefore === undefined ? firstDay(event) > lakeDay : !seenBefore.has(event.event));
}

function firstDay({ parts }: EventCount): number {
  return Math.min(...parts.map(({ day }) => day));
}

function warnOfNew({ dayAt }: CountedNames, event: EventCount): NameWarning {
  const day = dayAt(firstDay(event));
  return {
    ...{ kind: 'new_event', event: event.event, property: null, day },
    text: `New since ${day}: ${count(event.rows)} row${event.rows === 1 ? '' : 's'}.`,
  };
}

/** Stopped if whole days have none, longer than a weekend, although as many as before would be many. */
function warnOfStop({ dayAt, days }: CountedNames, event: EventCount): readonly NameWarning[] {
  const active = new Set(event.parts.map(({ day }) => day));
  const last = Math.max(...active);
  const missedDays = days - 2 - last;
  const perDay = event.rows / (last - firstDay(event) + 1);
  const isMissed = missedDays >= STOPPED_DAYS && perDay * missedDays >= LEAST_MISSED;
  if (active.size < 2 || !isMissed) return [];
  const day = dayAt(last);
  return [
    {
      ...{ kind: 'stopped', event: event.event, property: null, day },
      text: `None since ${day}; before, there were ${count(perDay)} a day.`,
    },
  ];
}

function list(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`;
}

function percent(part: number): string {
  return `${(part * 100).toLocaleString('en-US', { maximumFractionDigits: part < 0.01 ? 3 : 0 })} %`;
}

function count(value: number): string {
  return value.toLocaleString('en-US', { maximumFractionDigits: value < 10 ? 1 : 0 });
}
