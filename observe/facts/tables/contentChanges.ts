import type { QueryRow } from '../../../lib/base/sql.ts';
import { addDays, isoTimestamp, utcDay } from '../../../lib/base/time.ts';
import type { ForwardedKind } from '../../../lib/schema/kinds.ts';
import { askAthena, type Deployment } from '../../deployment.ts';
import { areUsersHashed } from './contentNumbers.ts';
import { COMPARED_DAYS, type ComparedPart, FEWEST_DAYS, KEY_SEPARATORS } from './contentParts.ts';
import { comparedDays, contentChangesSql, EARLIER, metadataChangesSql, RAW_DAYS } from './contentQueries.ts';
import { readPartitions } from './tables.ts';
import { readTime } from './tracedRows.ts';

/** How what came within 24 hours differs from each of some days before. */
export interface ContentChange {
  /** The table that shows it, by its kind. */
  readonly table: ForwardedKind;
  /** What is compared. */
  readonly what: ComparedPart;
  /**
   * How it differs:
   * `less`: others came, but a value that each of the days before had came no more; of names also less than a third of the fewest.
   * `more`: a value has a far larger share of what its sender sent; of names thrice the most. {@link EarlierEvents} do not count.
   * `many`: of an event or an SDK five times the most of a day before came, and it grew twice as much as all others together.
   * `names`: many more names came than on any of the days before.
   * `other`: a number of events has been of another size for some hours.
   */
  readonly kind: 'less' | 'names' | 'more' | 'many' | 'other';
  /**
   * What the value belongs to: the experiment of a group, of `split` and of `crossover`; the name of the event of `value`, `amount`, `size`,
   * `repeats` and `textForm`; empty for `event`, `sdk` and `experiment`; else, also for `sdkEvent` and `sdkExperiment`, the type of the SDK.
   */
  readonly subject: string;
  /**
   * The value, by what is compared:
   * `event`, `sdkEvent`, `sdk`, `experiment`, `sdkExperiment`: the name; of the kind `names` one of the new ones.
   * `group`, `split`: the ID of the group. `crossover`: `several`.
   * `unit`: `absent`, or a text that is no user, as `undefined`. `unitId`: `absent`.
   * `idForm`: the form, as the end of a sentence that ends in "have it as".
   * `unitColumn`: `away`.
   * `evaluation`: the reason. `environment`: the environment.
   * `time`: `one`. `offset`: the minutes from the times to their receipt, below 0 where it is before them. `value`: `none` or `text`. `textForm`: the name of the form in `TEXT_FORMS`.
   * `amount`, `size`, `repeats`, `key`: the type of the SDK. `newIds` and `newHashes`: `new`.
   */
  readonly value: string;
  /** The column of the IDs of `idForm`, `newIds`, `newHashes`, `unitId` and `unitColumn`, and the key of the metadata of `key`; null for all else. */
  readonly field: string | null;
  /**
   * What a person knows the value by: the only SDK that sent an event on the last curated day, the name of a group, the version of the SDK that sent the last row of `sdkEvent` and `sdkExperiment`, the layer of an experiment, the key of one text of `textForm`, the one key that came with `key` and is not usual, the shape of one
   * text of `value`, as `99,99`, the most frequent time of `time`, or when the last event of `unitColumn` was received, both as Athena writes them. Null for all else, and while it is not known.
   */
  readonly label: string | null;
  /** Different times that the rows of `time` have; of `newHashes` how many SDKs sent, at most 2; 0 for all else. */
  readonly times: number;
  /** Type and version of the SDK that sent it; null for what is not told by sender. */
  readonly sdk: string | null;
  /**
   * Rows within 24 hours, or units for `split` and `crossover`. `more`: those of the sender with the value. `names`: those with a new name.
   * `less`: those that still came. `other`: those since `since`, for `repeats` only those that came again.
   */
  readonly count: number;
  /**
   * What `count` is a part of. `more`: all of the sender. `many`: all rows. `names`: how many names came. `less`: the fewest rows of a day before.
   * `other`: all since `since`.
   */
  readonly of: number;
  /**
   * What the days before had. `newIds`: the most different IDs of a day. `more` and `repeats`: the largest share of a day, from 0 to 1. `names`: the most names of a day. `many`: the most rows of a day.
   * `amount` and `size`: the geometric mean of the values, or of the characters of the metadata. `less`: 0.
   */
  readonly usual: number;
  /** As `usual`, but of the events since `since`, for `amount` and `size`; 0 for all else. */
  readonly mean: number;
  /** Number of days before that are known. */
  readonly days: number;
  /**
   * When it began, ISO 8601.
   * `more`, `many`: the first row of the first hour with such a share, or number; for units the first of their last group.
   * `other`: the first row of the first hour with such numbers. `names`: the first row with the new name.
   * `less`: when the last was received. If some still come: the end of the last hour that had as many as usual. If neither lies within two
   *   days: the day after the last day that is known to have some, or the first of the two days if that is later.
   */
  readonly since: string;
}

/** Types of SDKs that run in browsers, which ask before they post: those of React Native and Expo do not. */
const OF_BROWSERS = /^(?:javascript|js|react)-client(?!.*(?:native|expo))/;

/** Whether a change is that an SDK of browsers sends less or nothing. */
export function isOfBrowsers({ what, kind, value }: ContentChange): boolean {
  return what === 'sdk' && kind === 'less' && OF_BROWSERS.test(value);
}

/** Events of one name from before `timeWindow` that one SDK sent within 24 hours: their time is too old to decide their day. */
export interface EarlierEvents {
  /** Name of the events. */
  readonly name: string;
  /** Type and version of the SDK; null if they do not say. */
  readonly sdk: string | null;
  /** Rows. */
  readonly count: number;
  /** The fewest days from the time of such an event to its receipt. */
  readonly leastDays: number;
  /** The most days from the time of such an event to its receipt. */
  readonly mostDays: number;
}

/** The changes of 24 hours in one table. */
export interface ContentChanges {
  /** Of each kind that of the most rows first. */
  readonly changes: readonly ContentChange[];
  /** Events from before `timeWindow`, the most first; none of exposures. */
  readonly earlier: readonly EarlierEvents[];
  /** Bytes that Athena read. */
  readonly scannedBytes: number;
}

/** Bytes of {@link readContentChanges} of events up to which their metadata are read, too: these may be several times as many. */
export const MOST_CONTENT_BYTES = 10e9;

/**
 * How the content of 24 hours in a table differs from that of its last curated days: names and groups that stay away or become rare, names
 * that are too many, and shares that have grown. One query, which scans the table at most four times. Curated files are sorted by name, so
 * that little of them is read for names. Of exposures none is asked until enough days are curated; of events it tells those of earlier, too.
 *
 * @throws ObserveError; what Athena's client throws.
 */
export async function readContentChanges(
  deployment: Deployment,
  table: ForwardedKind,
): Promise<ContentChanges> {
  if (table === 'exposures' && !(await canCompare(deployment, table, COMPARED_DAYS.names))) return UNASKED;
  const { rows, scannedBytes } = await askAthena(
    deployment,
    contentChangesSql(deployment.config, table, deployment.now),
  );
  return { ...contentChangesOf(rows, table, deployment.now), scannedBytes };
}

/**
 * How the metadata of events of 24 hours differ from those of its last curated days, as {@link readContentChanges}: how large they are,
 * which forms their texts have, and whether events come again at once with the same ones. A query of its own, as it reads the largest column
 * and orders all rows. Until enough days are curated it is asked for new hashes alone.
 *
 * @throws ObserveError; what Athena's client throws.
 */
export async function readMetadataChanges(deployment: Deployment): Promise<ContentChanges> {
  const { config, now } = deployment;
  if (!areUsersHashed(config) && !(await canCompare(deployment, 'events', COMPARED_DAYS.units)))
    return UNASKED;
  const { rows, scannedBytes } = await askAthena(deployment, metadataChangesSql(config, now));
  return { ...contentChangesOf(rows, 'events', now), scannedBytes };
}

/** What is told where no query is asked. */
const UNASKED: ContentChanges = { changes: [], earlier: [], scannedBytes: 0 };

/**
 * Whether so many of the last days have a partition that they show what comes each day. One call of Glue saves the scans of a query that
 * would tell nothing. If Glue does not answer, the query is asked.
 *
 * @param days How many of the last days are compared.
 */
async function canCompare(deployment: Deployment, table: ForwardedKind, days: number): Promise<boolean> {
  const { config, now } = deployment;
  const range = comparedDays(config, now, days);
  try {
    const curated = await readPartitions(deployment, config.curatedTables[table], range);
    return curated.size >= FEWEST_DAYS;
  } catch {
    return true;
  }
}

/** Reads the rows of both queries: sizes, which they answer as powers of ten, become numbers. @param now Epoch milliseconds. */
export function contentChangesOf(
  rows: readonly QueryRow[],
  table: ForwardedKind,
  now: number,
): Omit<ContentChanges, 'scannedBytes'> {
  const isEarlier = ({ kind }: QueryRow) => kind === EARLIER;
  const earlier = rows.filter(isEarlier).map(
    (row): EarlierEvents => ({
      name: row['value'] ?? '',
      sdk: row['sdk'] || null,
      count: Number(row['count']),
      leastDays: Number(row['usual']),
      mostDays: Number(row['mean']),
    }),
  );
  const compared = rows.filter((row) => !isEarlier(row));
  const changes = compared.map((row): ContentChange => {
    const { what, kind, subject, value, label, sdk, newest, fell, since } = row;
    const isSize = what === 'amount' || what === 'size';
    const [part, ...fields] = what?.split(':') ?? [];
    return {
      table,
      what: part as ComparedPart,
      kind: kind as ContentChange['kind'],
      subject: subject ?? '',
      value: value ?? '',
      field: fields.length === 0 ? null : fields.join(':'),
      label: labelOf(part ?? '', label ?? null),
      times: Number(row['times']),
      sdk: sdk || null,
      count: Number(row['count']),
      of: Number(row['whole']),
      usual: isSize ? 10 ** Number(row['usual']) : Number(row['usual']),
      mean: isSize ? 10 ** Number(row['mean']) : 0,
      days: Number(row['days']),
      since: changeSince({ since, newest, fell }, now),
    };
  });
  return { changes, earlier };
}

/** The label as {@link ContentChange.label} has it. @param label As the query answers it. */
function labelOf(part: string, label: string | null): string | null {
  if (part === 'key') return newKeyOf(label ?? '');
  // Before the version stand day and time of its receipt, so that the largest is the last.
  return part === 'sdkEvent' || part === 'sdkExperiment'
    ? label?.split(' ').slice(2).join(' ') || null
    : label;
}

/** The one key that is not usual; null of none, and of several. @param label The keys of some events, and the usual ones: `KEY_SEPARATORS`. */
function newKeyOf(label: string): string | null {
  const texts = label.split(String.fromCharCode(KEY_SEPARATORS.texts));
  const [own = [], usual = []] = texts.map((text) => text.split(String.fromCharCode(KEY_SEPARATORS.keys)));
  const added = own.filter((key) => key !== '' && !usual.includes(key));
  return added.length === 1 ? (added[0] ?? null) : null;
}

/**
 * The beginning of a change, as {@link ContentChange.since}. The end of an hour is no later than `now`.
 *
 * @param told `since`: the time that the query answers; null if it knows none. `newest`: the last curated day that had the value; null if none
 *   is known. With a large `curateAfter` no row was read of the days between that day and the {@link RAW_DAYS} that are read. `fell`: that day,
 *   if less than usual came on it already; null else.
 * @param now Epoch milliseconds.
 */
export function changeSince(
  { since, newest, fell }: Readonly<Partial<Record<'since' | 'newest' | 'fell', string | null | undefined>>>,
  now: number,
): string {
  if (since != null) return isoTimestamp(Math.min(readTime(since), now));
  if (fell != null) return fell;
  const firstRead = addDays(utcDay(now), -RAW_DAYS);
  const afterKnown = addDays(newest ?? firstRead, 1);
  return afterKnown > firstRead ? afterKnown : firstRead;
}
