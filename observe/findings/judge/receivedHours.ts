import { sum } from '../../../lib/base/sum.ts';
import { counted, listed, numbered, someOf } from '../../../lib/base/text.ts';
import { addDays, DAY_MS, HOUR_MS, type UtcDay } from '../../../lib/base/time.ts';
import { isUnsure, NOT_LOOKED } from '../../../lib/reconcile/judgeHour.ts';
import { dueDay } from '../../../lib/reconcile/lastNight.ts';
import { hourStart, type ReceivedHour } from '../../../lib/reconcile/receivedHours.ts';
import { nightDays } from '../../../lib/reconcile/reconcileDays.ts';
import type { UndeliveredWhy } from '../../../lib/reconcile/streamDelivery.ts';
import { DIRECT_FOLDER } from '../../../lib/tables/objectKeys.ts';
import { MOST_COMMANDS } from '../../deploymentCommands.ts';
import { hourFolders } from '../../facts/days/files/restorableDays.ts';
import type { StatusFacts } from '../../facts/statusFacts.ts';
import { type Finding, finding } from '../catalogue.ts';
import { explained, failedAt, failureTold } from './failures.ts';
import type { Findings, Place } from './place.ts';
import { lateText } from './texts.ts';

/** When a night begins, after the midnight of its day. */
const NIGHT_TIME = 'T01:10:00Z';

/** Nights that should have judged the day before them, or hours that were open, and have not, or not by rows. */
export function* missingNights(facts: StatusFacts, place: Place): Findings {
  const { config, now, commands } = place;
  const { lastNight } = facts;
  const receivedHours = facts.receivedHours ?? [];
  if (!config.reconcile || lastNight === null) return;
  // A night that began within the last hour may still run.
  const due = dueDay(now - HOUR_MS);
  const dueAt = Date.parse(`${addDays(due, 1)}T00:00:00Z`);
  const unlooked = receivedHours.filter((row) => isUnlooked(row, dueAt));
  const waiting = daysOf(unlooked);
  const missed = Math.max(0, (Date.parse(due) - Date.parse(lastNight.day)) / DAY_MS);
  const unjudged = nightDays(dueAt, missed);
  const days = [...new Set([...waiting, ...unjudged])].sort();
  if (days.length === 0) return;
  const failed = failedAt(facts, 'reconcile');
  const newest =
    lastNight.at === null ? 'none is' : `${lastNight.day} the newest that is, last at ${lastNight.at}`;
  const open = waiting.length === 0 ? '' : ` Of judged days, hours of ${listed(waiting)} wait.`;
  // Without a count of its runs nobody knows that none has failed.
  const unfailed = { case: facts.functionErrors === null ? 'unread' : 'silent' } as const;
  const why = failed === '' ? unfailed : failureTold(facts, 'reconcile', facts.failures['reconcile'], config);
  const nights = [...unlooked.map(missedNight), ...unjudged.map((day) => addDays(day, 1))].sort();
  const told = {
    ...why,
    title: `Hours of ${counted(days.length, 'day')} wait to be judged, the newest ${days.at(-1)}${why.case === 'silent' ? lateNightText(unjudged, facts, now) : ''}`,
    since: `${nights[0]}${NIGHT_TIME}`,
    detail: `${due} is the newest day that should be judged, and ${newest}.${open}${failed}`,
  };
  const isUnknown = why.case === 'silent' || why.case === 'unknown';
  const causes = isUnknown ? [commands.sluice('doctor', '--drift')] : explained(why, 'reconcile', place);
  // Of a day that a night has judged, only a deep look looks again.
  const looks = waiting
    .slice(0, MOST_COMMANDS)
    .map((day) => commands.sluice('reconcile', '--deep', '--day', day));
  const last = unjudged.slice(-1).map((day) => commands.sluice('reconcile', '--day', day));
  yield finding('SLUICE_FINDING_NIGHT_MISSING', told, [...causes, ...looks, ...last]);
}

/** How late the schedule of nights is, as a title goes on; empty if no night was due since the last deployment that did not come. */
function lateNightText(
  unjudged: readonly UtcDay[],
  { deployedAt }: Pick<StatusFacts, 'deployedAt'>,
  now: number,
): string {
  // Of a day the next night is due, which is a day after one that came.
  const [last] = unjudged
    .map((day) => `${day}${NIGHT_TIME}`)
    .filter((at) => Date.parse(at) + DAY_MS > Date.parse(deployedAt ?? at))
    .sort();
  return last === undefined ? '' : `, and the daily schedule of reconcile is ${lateText(last, 'daily', now)}`;
}

/** The day of the first night that should have looked at an hour, and has not: the one that kept it without a look, or the one after its look. */
function missedNight({ ds, why, checked_at }: ReceivedHour): UtcDay {
  const looked = (checked_at ?? addDays(ds, 1)).slice(0, 10);
  return why === NOT_LOOKED ? looked : addDays(looked, 1);
}

/** The days of hours, each once, in their order. */
function daysOf(rows: readonly ReceivedHour[]): readonly string[] {
  return [...new Set(rows.map(({ ds }) => ds))];
}

/**
 * Whether a night has not looked at the rows that it needed, or the night that was due has not looked at an open hour.
 *
 * @param dueAt The midnight before the night that was due, epoch milliseconds.
 */
function isUnlooked({ state, why, checked_at }: ReceivedHour, dueAt: number): boolean {
  if (why === NOT_LOOKED) return true;
  if (state !== 'open' || checked_at === undefined) return false;
  return Date.parse(`${checked_at.replace(' ', 'T')}Z`) < dueAt;
}

/** Hours of which events are missing, as the nights have judged them. */
export function* shortHours({ receivedHours, undeliveredHours }: StatusFacts, place: Place): Findings {
  const short = (receivedHours ?? []).filter(({ state }) => state === 'short');
  const lacksAll = ({ missing, accepted }: ReceivedHour) => missing >= accepted;
  // What one hour had may have been one object.
  const areEmpty = new Set(short.filter(lacksAll).map(hourStart)).size > 1;
  const whyOf = (row: ReceivedHour) => {
    const found = undeliveredHours?.find(({ hour }) => hour === hourStart(row));
    return found?.why ?? (areEmpty && lacksAll(row) ? 'none' : null);
  };
  for (const [why, rows] of Map.groupBy(short, whyOf)) yield shortFinding(rows, why, place);
}

/** The case of hours of which S3 has no version, by why the stream delivered nothing of them. */
const CASE_WITHOUT_VERSIONS = { none: 'elsewhere', notGiven: 'gone' } as const;

/**
 * The finding of hours of which fewer rows landed than were received.
 *
 * @param why Why the stream delivered nothing of these hours, or `none` if all of their events are missing. Of what it dropped, nothing can have landed.
 */
function shortFinding(
  short: readonly ReceivedHour[],
  why: UndeliveredWhy | 'none' | null,
  place: Place,
): Finding {
  const { commands, config } = place;
  const areDropped = why === 'dropped';
  const withVersions = areDropped ? [] : short.flatMap((row) => foldersWithVersions(row, place));
  const folders = [...new Set(withVersions)];
  const isDirect = (folder: string) => folder.startsWith(DIRECT_FOLDER);
  // The stream's objects of these hours come first. A direct folder has the objects of a whole day.
  const listedFolders = [
    ...folders.filter((folder) => !isDirect(folder)).slice(0, MOST_COMMANDS),
    ...folders.filter(isDirect).slice(0, MOST_COMMANDS),
  ];
  const versionLists = listedFolders.map((folder) => commands.versions(config.bucket, folder));
  const missing = sumOf(short, 'missing');
  const accepted = counted(sumOf(short, 'accepted'), 'accepted event');
  const tables = [...new Set(short.map((row) => row.table_name))].join(' and ');
  // An hour that is short in several tables is one hour.
  const hours = [...new Set(short.map(hourText))].sort();
  const texts = short.map((row) => shortText(row, areDropped, place));
  const atLeast = short.some(({ unproved }) => unproved > 0) ? 'At least ' : '';
  const looks = deepLooks(short, place);
  const told = {
    case:
      folders.length > 0 || why === 'dropped'
        ? (why ?? 'versions')
        : CASE_WITHOUT_VERSIONS[why ?? 'notGiven'],
    title: `${atLeast}${numbered(missing)} of ${accepted} of ${tables} ${areDropped ? 'were never delivered by the stream' : 'are missing'}, of ${counted(hours.length, 'hour')}`,
    since: `${hours[0]}:00:00Z`,
    detail: `${listed(texts, '; ')}.${looks.left}`,
  } as const;
  const drift = why === 'none' ? [commands.sluice('doctor', '--drift')] : [];
  return finding('SLUICE_FINDING_HOUR_SHORT', told, [...drift, ...looks.commands, ...versionLists]);
}

/** Days of whose hours too many events are unproved. */
export function* unprovedDays({ receivedHours }: StatusFacts, place: Place): Findings {
  const unsure = (receivedHours ?? []).filter(
    ({ state, unproved, accepted: events }) => state === 'whole' && isUnsure(unproved, events),
  );
  const days = Map.groupBy(unsure, ({ ds }) => ds);
  // Now and then a call of Firehose has no answer, and its events are unproved. One day of these needs no act.
  if (days.size < 2) return;
  const texts = Array.from(days, ([day, rows]) => {
    const events = someOf(sumOf(rows, 'unproved'), sumOf(rows, 'accepted'), 'accepted event');
    return `${day}, ${counted(rows.length, 'hour')} of a table: ${events}`;
  });
  const ofAll = someOf(sumOf(unsure, 'unproved'), sumOf(unsure, 'accepted'), 'accepted event');
  const looks = deepLooks(unsure, place);
  const told = {
    title: `${ofAll} of ${counted(days.size, 'day')} are unproved`,
    since: [...days.keys()].sort()[0] ?? null,
    detail: `${listed(texts, '; ')}.${looks.left}`,
  };
  yield finding('SLUICE_FINDING_HOURS_UNPROVED', told, looks.commands);
}

/** The folders that may have had objects of an hour, and of which S3 may have versions. */
function foldersWithVersions(row: ReceivedHour, { isUnrestorable }: Place): readonly string[] {
  return hourFolders(row).filter((folder) => !isUnrestorable(folder, row.ds));
}

/** `2026-11-20T07, events: 30 of 300 accepted events are missing, versions gone` */
function shortText(row: ReceivedHour, isDropped: boolean, place: Place): string {
  const { table_name, missing, unproved, accepted } = row;
  const range =
    unproved > 0
      ? `at least ${numbered(missing)}, at most ${numbered(missing + unproved)}`
      : numbered(missing);
  const gone = !isDropped && foldersWithVersions(row, place).length === 0 ? ', versions gone' : '';
  return `${hourText(row)}, ${table_name}: ${range} of ${counted(accepted, 'accepted event')} are missing${gone}`;
}

/** The hour of receipt, UTC: `2026-11-20T07` */
function hourText({ ds, hour }: ReceivedHour): string {
  return `${ds}T${String(hour).padStart(2, '0')}`;
}

/** The sum of a column of hours. */
function sumOf(rows: readonly ReceivedHour[], column: 'missing' | 'unproved' | 'accepted'): number {
  return sum(rows.map((row) => row[column]));
}

/** Commands that look at the rows of days, and what is said where these are not all. */
function deepLooks(
  rows: readonly ReceivedHour[],
  { commands }: Place,
): { readonly commands: readonly string[]; readonly left: string } {
  const days = daysOf(rows);
  const first = days.slice(0, MOST_COMMANDS);
  return {
    commands: first.map((day) => commands.sluice('reconcile', '--deep', '--day', day)),
    left:
      first.length === days.length
        ? ''
        : ` The commands look at ${first.length} of ${days.length} days: of another put its day in place of theirs.`,
  };
}
