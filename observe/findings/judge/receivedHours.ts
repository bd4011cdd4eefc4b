import { counted, listed } from '../../../lib/base/text.ts';
import { isUnsure } from '../../../lib/reconcile/judgeHour.ts';
import type { ReceivedHour } from '../../../lib/reconcile/receivedHours.ts';
import { DIRECT_FOLDER } from '../../../lib/tables/objectKeys.ts';
import { MOST_COMMANDS } from '../../deploymentCommands.ts';
import { hourFolders } from '../../facts/days/goneFiles.ts';
import type { StatusFacts } from '../../facts/statusFacts.ts';
import { finding } from '../catalogue.ts';
import type { Findings, Place } from './place.ts';

/** Hours of which events are missing, as the nights have judged them. */
export function* shortHours({ receivedHours }: StatusFacts, place: Place): Findings {
  const short = (receivedHours ?? []).filter(({ state }) => state === 'short');
  if (short.length === 0) return;
  const { commands, config } = place;
  const folders = [...new Set(short.flatMap((row) => foldersWithVersions(row, place)))];
  const isDirect = (folder: string) => folder.startsWith(DIRECT_FOLDER);
  // The stream's objects of these hours come first. A direct folder has the objects of a whole day.
  const listedFolders = [
    ...folders.filter((folder) => !isDirect(folder)).slice(0, MOST_COMMANDS),
    ...folders.filter(isDirect).slice(0, MOST_COMMANDS),
  ];
  const query = ['--query', '[Versions,DeleteMarkers][].[Key,LastModified,VersionId,Size]'];
  const versionLists = listedFolders.map((folder) => {
    const where = ['--bucket', config.bucket, '--prefix', folder];
    return commands.aws('s3api', 'list-object-versions', ...where, ...query, '--output', 'text');
  });
  const missing = sumOf(short, 'missing');
  const accepted = counted(sumOf(short, 'accepted'), 'accepted event');
  const tables = [...new Set(short.map((row) => row.table_name))].join(' and ');
  // An hour that is short in several tables is one hour.
  const hours = [...new Set(short.map(hourText))].sort();
  const texts = short.map((row) => shortText(row, place));
  const told = {
    case: folders.length > 0 ? 'versions' : 'gone',
    title: `${missing} of ${accepted} of ${tables} are missing, of ${counted(hours.length, 'hour')}`,
    since: `${hours[0]}:00:00Z`,
    detail: `${listed(texts, '; ')}.`,
  } as const;
  yield finding('SLUICE_FINDING_HOUR_SHORT', told, [...deepLooks(short, place), ...versionLists]);
}

/** Days of whose hours too many events are unproved. */
export function* unprovedDays({ receivedHours }: StatusFacts, place: Place): Findings {
  const unsure = (receivedHours ?? []).filter(
    ({ state, unproved, accepted }) => state === 'whole' && isUnsure(unproved, accepted),
  );
  const days = Map.groupBy(unsure, ({ ds }) => ds);
  // Now and then a call of Firehose has no answer, and its events are unproved. One day of these needs no act.
  if (days.size < 2) return;
  const texts = Array.from(days, ([day, rows]) => {
    const events = `${sumOf(rows, 'unproved')} of ${sumOf(rows, 'accepted')} accepted events`;
    return `${day}, ${counted(rows.length, 'hour')} of a table: ${events}`;
  });
  const accepted = counted(sumOf(unsure, 'accepted'), 'accepted event');
  const told = {
    title: `${sumOf(unsure, 'unproved')} of ${accepted} of ${counted(days.size, 'day')} are unproved`,
    since: [...days.keys()].sort()[0] ?? null,
    detail: `${listed(texts, '; ')}.`,
  };
  yield finding('SLUICE_FINDING_HOURS_UNPROVED', told, deepLooks(unsure, place));
}

/** The folders that may have had objects of an hour, and of which S3 may have versions. */
function foldersWithVersions(row: ReceivedHour, { isGone }: Place): readonly string[] {
  return hourFolders(row).filter((folder) => !isGone(folder, row.ds));
}

/** `2026-11-20T07, events: 30 of 300 accepted events are missing, versions gone` */
function shortText(row: ReceivedHour, place: Place): string {
  const { table_name, missing, unproved, accepted } = row;
  const range = unproved > 0 ? `at least ${missing}, at most ${missing + unproved}` : missing;
  const gone = foldersWithVersions(row, place).length === 0 ? ', versions gone' : '';
  return `${hourText(row)}, ${table_name}: ${range} of ${accepted} accepted events are missing${gone}`;
}

/** The hour of receipt, UTC: `2026-11-20T07` */
function hourText({ ds, hour }: ReceivedHour): string {
  return `${ds}T${String(hour).padStart(2, '0')}`;
}

function sumOf(rows: readonly ReceivedHour[], column: 'missing' | 'unproved' | 'accepted'): number {
  return rows.reduce((sum, row) => sum + row[column], 0);
}

/** Commands that look at the rows of days. */
function deepLooks(rows: readonly ReceivedHour[], { commands }: Place): readonly string[] {
  const days = [...new Set(rows.map(({ ds }) => ds))].slice(0, MOST_COMMANDS);
  return days.map((day) => commands.sluice('reconcile', '--deep', '--day', day));
}
