import type { UtcDay } from '../../lib/base/time.ts';
import type { NameCount } from './nameQueries.ts';

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
  readonly events: readonly NameCount[];
  readonly properties: readonly NameCount[];
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
  return [
    ...[...events, ...properties].flatMap((one) => warnOfTypes(names, one)),
    ...events.flatMap((one) => [...warnOfNew(names, one), ...warnOfStop(names, one)]),
  ].sort(
    (one, other) => KINDS.indexOf(one.kind) - KINDS.indexOf(other.kind) || other.day.localeCompare(one.day),
  );
}

/** A type that came later than the first is a change. Null is no type. */
function warnOfTypes(
  { dayAt }: CountedNames,
  { event, property, types: all }: NameCount,
): readonly NameWarning[] {
  const types = all.filter(({ type }) => type !== 'null' && type !== 'none');
  const begin = Math.min(...types.map(({ firstDay }) => firstDay));
  const subject = property === null ? 'its value' : 'it';
  return types
    .filter(({ firstDay }) => firstDay > begin)
    .map(({ type, firstDay }) => {
      const before = types.filter((one) => one.firstDay < firstDay).map((one) => one.type);
      return {
        ...{ kind: 'type_changed', event, property, day: dayAt(firstDay) },
        text: `Until ${dayAt(firstDay - 1)} ${subject} was ${before.join(' and ')}; since ${dayAt(firstDay)} ${subject} is also ${type}.`,
      };
    });
}

/** Without rows before the days, events of the first day with rows are as old as the lake. */
function warnOfNew({ events, seenBefore, dayAt }: CountedNames, one: NameCount): readonly NameWarning[] {
  const day = firstDay(one);
  const isNew =
    day > 0 &&
    (seenBefore === undefined ? day > Math.min(...events.map(firstDay)) : !seenBefore.has(one.event));
  if (!isNew) return [];
  return [
    {
      ...{ kind: 'new_event', event: one.event, property: null, day: dayAt(day) },
      text: `New since ${dayAt(day)}: ${count(one.rows)} row${one.rows === 1 ? '' : 's'}.`,
    },
  ];
}

/** The first day on which an event has rows. */
export function firstDay({ types }: NameCount): number {
  return Math.min(...types.map((one) => one.firstDay));
}

/** Stopped if whole days have none, longer than a weekend, although as many as before would be many. */
function warnOfStop({ dayAt, days }: CountedNames, event: NameCount): readonly NameWarning[] {
  const [first, last] = [firstDay(event), Math.max(...event.types.map(({ lastDay }) => lastDay))];
  const missedDays = days - 2 - last;
  const perDay = event.rows / (last - first + 1);
  if (last === first || missedDays < STOPPED_DAYS || perDay * missedDays < LEAST_MISSED) return [];
  return [
    {
      ...{ kind: 'stopped', event: event.event, property: null, day: dayAt(last) },
      text: `None since ${dayAt(last)}; before, there were ${count(perDay)} a day.`,
    },
  ];
}

function count(value: number): string {
  return value.toLocaleString('en-US', { maximumFractionDigits: value < 10 ? 1 : 0 });
}
