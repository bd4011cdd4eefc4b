import type { UtcDay } from '../../lib/base/time.ts';
import { type EventCount, type PropertyCount, type TypeCount, valueTypes } from './nameQueries.ts';

/** Kinds of warnings, those that matter most first. */
const KINDS = [
  'type_changed',
  'mixed_types',
  'stopped',
  'similar_names',
  'too_many_properties',
  'too_many_events',
  'new_event',
  'new_property',
] as const;

/** Something odd about a name. */
export interface NameWarning {
  readonly kind: (typeof KINDS)[number];
  /** The event; null of `too_many_events`. */
  readonly event: string | null;
  /** The property of its metadata; null if it is about the event or its `value`. */
  readonly property: string | null;
  /** Since when; null if it is not about a day. */
  readonly day: UtcDay | null;
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
  /** Whether events were left out. */
  readonly isCut: boolean;
  /** Properties that an event may have. */
  readonly most: number;
}

/** Rows that must be missing before something counts as new or stopped: fewer may be chance. */
const LEAST_MISSED = { property: 5, event: 10 } as const;

/** Whole days without rows after which an event counts as stopped. */
const STOPPED_DAYS = 3;

/** Warnings that a tracking plan would give. */
export function warnOfNames(names: CountedNames): readonly NameWarning[] {
  const { events, properties, isCut } = names;
  const byName = new Map(events.map((one) => [one.event, one]));
  const isNew = newEvents(names);
  const warnings = [
    ...events.flatMap((event) => [
      ...warnOfTypes(names, { event: event.event, property: null }, valueTypes(event)),
      ...(isNew(event) ? [warnOfNew(names, event)] : []),
      ...warnOfStop(names, event),
    ]),
    ...properties.flatMap((property) => {
      const event = byName.get(property.event);
      return [
        ...warnOfTypes(names, property, property.types),
        ...(event === undefined || isNew(event) ? [] : warnOfNewProperty(names, property, event)),
      ];
    }),
    ...warnOfSimilar(events),
    ...warnOfCounts(names),
    ...(isCut
      ? [
          about(
            'too_many_events',
            null,
            `There are more than ${events.length.toLocaleString('en-US')} event names: some are made of data, such as an ID. Put what varies into the metadata.`,
          ),
        ]
      : []),
  ];
  return warnings.sort(
    (one, other) =>
      KINDS.indexOf(one.kind) - KINDS.indexOf(other.kind) || (other.day ?? '').localeCompare(one.day ?? ''),
  );
}

function about(
  kind: NameWarning['kind'],
  event: string | null,
  text: string,
  { property = null, day = null }: { readonly property?: string | null; readonly day?: UtcDay | null } = {},
): NameWarning {
  return { kind, event, property, day, text };
}

/** A type that came later than the first is a change; several from the beginning are a mixture. Null is no type. */
function warnOfTypes(
  { dayAt }: CountedNames,
  { event, property }: { readonly event: string; readonly property: string | null },
  all: readonly TypeCount[],
): readonly NameWarning[] {
  const types = all.filter(({ type }) => type !== 'null' && type !== 'none');
  if (types.length < 2) return [];
  const rows = types.reduce((sum, one) => sum + one.rows, 0);
  const begin = Math.min(...types.map(({ firstDay }) => firstDay));
  const first = types.filter(({ firstDay }) => firstDay === begin);
  const later = types.filter(({ firstDay }) => firstDay > begin);
  const subject = property === null ? 'its value' : 'it';
  const share = (one: TypeCount) => `${percent(one.rows / rows)} ${one.type}`;
  return [
    ...later.map((one) =>
      about(
        'type_changed',
        event,
        `Until ${dayAt(one.firstDay - 1)} ${subject} was ${list(before(types, one).map(({ type }) => type))}; since ${dayAt(one.firstDay)} ${subject} is also ${one.type} (${list(types.map(share))}).`,
        { property, day: dayAt(one.firstDay) },
      ),
    ),
    ...(first.length > 1
      ? [
          about(
            'mixed_types',
            event,
            `From the first of these days ${subject} has several types: ${list(types.map(share))}.`,
            {
              property,
            },
          ),
        ]
      : []),
  ];
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
  return about('new_event', event.event, `New since ${day}: ${rowsText(event.rows)}.`, { day });
}

/** New if it would have been in some rows before, had it been as frequent as it is now. */
function warnOfNewProperty(
  { dayAt }: CountedNames,
  { event, property, types, rows }: PropertyCount,
  { parts }: EventCount,
): readonly NameWarning[] {
  const first = Math.min(...types.map((one) => one.firstDay));
  const rowsOn = (isMeant: (day: number) => boolean) =>
    parts.filter(({ day }) => isMeant(day)).reduce((sum, part) => sum + part.rows, 0);
  const [earlier, since] = [rowsOn((day) => day < first), rowsOn((day) => day >= first)];
  if (since === 0 || (earlier * rows) / since < LEAST_MISSED.property) return [];
  const day = dayAt(first);
  const text = `New since ${day}: in ${percent(rows / since)} of the rows since then, and in none of ${count(earlier)} before.`;
  return [about('new_property', event, text, { property, day })];
}

/** Stopped if whole days have none, longer than a weekend, although as many as before would be many. */
function warnOfStop({ dayAt, days }: CountedNames, event: EventCount): readonly NameWarning[] {
  const active = new Set(event.parts.map(({ day }) => day));
  const last = Math.max(...active);
  const missedDays = days - 2 - last;
  const perDay = event.rows / (last - firstDay(event) + 1);
  const isMissed = missedDays >= STOPPED_DAYS && perDay * missedDays >= LEAST_MISSED.event;
  if (active.size < 2 || !isMissed) return [];
  const day = dayAt(last);
  return [
    about('stopped', event.event, `None since ${day}; before, there were ${count(perDay)} a day.`, { day }),
  ];
}

/** Names that are equal without cases, spaces and signs. */
function warnOfSimilar(events: readonly EventCount[]): readonly NameWarning[] {
  const plain = (name: string) => name.toLowerCase().replaceAll(/[^\p{L}\p{N}]/gu, '');
  const groups = Map.groupBy(events, (one) => plain(one.event) || one.event);
  return [...groups.values()]
    .filter((same) => same.length > 1)
    .map(([most, ...others]) =>
      about(
        'similar_names',
        most?.event ?? null,
        `Also written ${list(others.map((one) => `${JSON.stringify(one.event)} (${rowsText(one.rows)})`))}: one event, or two?`,
      ),
    );
}

function warnOfCounts({ properties, most }: CountedNames): readonly NameWarning[] {
  const counts = new Map(properties.map((one) => [one.event, one.properties]));
  return [...counts].flatMap(([event, number]) =>
    number <= most
      ? []
      : [
          about(
            'too_many_properties',
            event,
            `It has ${count(number)} properties: some names are made of data, such as an ID. Put what varies into a value.`,
          ),
        ],
  );
}

function list(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`;
}

function percent(part: number): string {
  return `${(part * 100).toLocaleString('en-US', { maximumFractionDigits: part < 0.01 ? 3 : 0 })} %`;
}

function rowsText(rows: number): string {
  return `${count(rows)} row${rows === 1 ? '' : 's'}`;
}

function count(value: number): string {
  return value.toLocaleString('en-US', { maximumFractionDigits: value < 10 ? 1 : 0 });
}
