import { sum } from '../../lib/base/sum.ts';
import { counted, numbered, visibleLine } from '../../lib/base/text.ts';
import { HOUR_MS } from '../../lib/base/time.ts';
import type { LedgerState } from '../../lib/ledger/LedgerEntry.ts';
import { sluiceCommand } from '../../observe/commands.ts';
import type { DropDay } from '../../observe/facts/days/dropDays.ts';
import type { AlarmState } from '../../observe/facts/flow/alarms.ts';
import type { WriterBacklog } from '../../observe/facts/flow/writerBacklog.ts';
import { hourStrips, STRIP_LEGEND } from '../../observe/facts/hourStrips.ts';
import type { ShownDrops, Status } from '../../observe/findings/status.ts';
import { athenaRead, duration, lines } from '../terminal/phrases.ts';
import { textTable } from '../terminal/tables.ts';
import { findingLines } from './doctorText.ts';

/** A status for people. @param command Writes a command about the same deployment. Default: about the local cloud. */
export function statusText(
  status: Status,
  command = (words: readonly string[]) => sluiceCommand([], words),
): string {
  const { isLocal, scannedBytes, unknown } = status;
  return [
    `${status.stack}${isLocal ? ' (the local cloud)' : ''} at ${status.at}\n`,
    `${problemsText(status)}\n`,
    `${lastHourText(status)}${lastDayText(status)}\n`,
    ...(status.tables === null ? [] : [textTable(tableRows(status))]),
    textTable(waitingRows(status)),
    lines(
      [
        ...partsText(status, command),
        ...unknown.map(({ part, why }) => `Not known: ${part}. ${why}`),
        ...(isLocal ? [] : [athenaRead(scannedBytes)]),
      ].map(visibleLine),
    ),
  ].join('\n');
}

/** Requests and events of the last hour, as a sentence. */
function lastHourText({ lastHour, lastRequestAt, unreached, at }: Status): string {
  if (lastHour === null) return 'Last hour: not known.';
  const ofHour = (unreached ?? []).filter((period) => Date.parse(at) - Date.parse(period.last) < HOUR_MS);
  const newest = Array.from(Map.groupBy(ofHour, ({ kind }) => kind).values(), (hours) => hours.slice(-1));
  const unseen = newest
    .flat()
    .map(
      ({ count, of, hour, kind }) =>
        ` The gateway or the Function URL answered ${numbered(count)} of ${numbered(of)} in the hour from ${hour} ${kind} without the collector.`,
    )
    .join('');
  const last = lastRequestAt === null ? '' : ` The last request came at ${lastRequestAt}.`;
  const came = `${unseen}${last}`;
  if (lastHour.requests === 0) return `Last hour: no request.${came}`;
  const { requests, refusedBy, failedBy, received, landed, overflowed, quarantined, ignored } = lastHour;
  const counts = { accepted: landed, overflowed, quarantined, ignored };
  const events = Object.entries(counts)
    .filter(([, count]) => count > 0)
    .map(([what, count]) => `${numbered(count)} ${what}`);
  const failed = sum(Object.values(failedBy));
  const answers = [
    `${numbered(sum(Object.values(refusedBy)))} refused`,
    ...(failed > 0 ? [`${numbered(failed)} answered 503`] : []),
  ];
  const ofEvents = events.length === 0 ? '' : ` (${events.join(', ')})`;
  return `Last hour: ${counted(requests, 'request')} (${answers.join(', ')}), ${counted(received, 'event')}${ofEvents}.${came}`;
}

/** Requests and events of the last day, as a sentence; empty if it was not read. */
function lastDayText({ lastDay }: Status): string {
  if (lastDay === null) return '';
  const { requests, refused, failed, received, overflowed } = lastDay;
  const answers = [
    `${numbered(refused)} refused`,
    ...(failed > 0 ? [`${numbered(failed)} answered 503`] : []),
  ];
  const direct = overflowed === 0 ? '' : ` (${numbered(overflowed)} overflowed)`;
  return `\nLast 24 hours: ${counted(requests, 'request')} (${answers.join(', ')}), ${counted(received, 'event')}${direct}.`;
}

/** How new each table is. */
function tableRows({ tables }: Status): readonly Readonly<Record<string, string | number | null>>[] {
  return (tables ?? []).map(({ name, newestRowAt, rowsLastHour }) => ({
    table: name,
    'newest row': newestRowAt ?? 'none within 24 hours',
    'rows, last hour': rowsLastHour,
  }));
}

/** What waits, by its place. */
function waitingRows({ waiting, at }: Status): readonly Readonly<Record<string, string>>[] {
  const { buffered, ...folders } = waiting;
  return [
    {
      waiting: 'buffered',
      count: buffered.count === null ? 'not reported by Firehose' : counted(buffered.count, 'request'),
      oldest: age(buffered.oldest, at),
    },
    ...Object.entries(folders).map(([folder, objects]) => ({
      waiting: folder === 'undeleted' ? 'written, not deleted' : folder,
      count:
        objects === null
          ? 'not known'
          : `${objects.hasMore ? 'at least ' : ''}${counted(objects.count, 'object')}`,
      oldest: objects === null ? '' : age(objects.oldest, at),
    })),
  ];
}

/** A part that may have nothing to say, by a value that is absent or false. */
type Part = string | false | null | undefined;

/** How many days have files, and how many partitions are missing or have another folder. */
function partitionsText({ days, gaps }: NonNullable<Status['partitions']>): string {
  const wrong = gaps.filter(({ elsewhere }) => elsewhere !== undefined).length;
  const missing = `Partitions: ${counted(days, 'day')} of tables with files within a week, ${numbered(gaps.length - wrong)} missing.`;
  // These may be of any day that queries read.
  return wrong === 0 ? missing : `${missing} Partitions with another folder: ${numbered(wrong)}.`;
}

/** What there is to say of each part of the deployment, a sentence each. */
function partsText(status: Status, command: (words: readonly string[]) => string): string[] {
  const { partitions, quarantine, writer, stream, isLocal } = status;
  const reasons = quarantine?.map(({ reason, rows }) => `${numbered(rows)} ${reason}`).join(', ');
  const strips = hourStrips(status.receivedHours ?? []);
  const parts: Part[] = [
    writer && backlogText(writer),
    partitions && partitionsText(partitions),
    quarantine && `Quarantine within 24 hours: ${reasons === '' ? 'no row' : reasons}.`,
    strips.length > 0 && `Received hours, the worst of the tables (${STRIP_LEGEND}):`,
    ...strips,
    notedText(status),
    ...datasetTexts(status, command),
    ...exportTexts(status, command),
    ...curatedTexts(status),
    relayText(status),
    stream?.quotaShare != null &&
      `Quota of ${stream.stream}: ${Math.round(stream.quotaShare * 100)} % of its ${stream.quota}.`,
    isLocal && 'Quotas of the stream: not known locally.',
    alarmsText(status),
  ];
  return parts.flatMap((part) => part || []);
}

/** What the log says that was odd about events. */
function notedText({ noted, isLocal }: Status): Part {
  const oddities = Object.entries(noted?.counts ?? {}).map(([what, count]) => `${numbered(count)} ${what}`);
  return (
    oddities.length > 0 &&
    `Noted of events within 24 hours, of ${isLocal ? 'all' : 'logged'} requests: ${noted?.hasMore ? 'at least ' : ''}${oddities.join(', ')}.`
  );
}

/** The days of datasets, and which drops are late. */
function datasetTexts({ datasets }: Status, command: (words: readonly string[]) => string): Part[] {
  return [
    ...(datasets?.shown ?? []).map(({ source, dataset, days, late }) => {
      const lateDrops = late.length === 0 ? '' : `, late: ${late.map(({ day }) => day).join(', ')}`;
      return `Drops of ${source}/${dataset}: ${calendar(days)}${lateDrops}.`;
    }),
    datasets && othersText('datasets', datasets, command(['ingest', 'status'])),
  ];
}

/** The days of exports. */
function exportTexts({ exports }: Status, command: (words: readonly string[]) => string): Part[] {
  return [
    ...(exports?.shown ?? []).map(({ export: name, days, firstDay }) => {
      const lookback = days.filter(({ day }) => day >= firstDay);
      return `Export ${name}: ${calendar(lookback, { ...DAY_WORDS, succeeded: 'exported' })}.`;
    }),
    exports && othersText('exports', exports, command(['export', 'status'])),
  ];
}

/** What views read of curated tables, and the resends that these leave out. */
function curatedTexts({ curated }: Status): Part[] {
  const tables = curated ?? [];
  return [
    ...tables.map(
      ({ table, listed, raw, failed, late }) =>
        `Views read ${counted(listed, 'day')} from ${table}; of those that are old enough, ${raw} raw (${failed.length} failed, ${late.length} late).`,
    ),
    ...tables.map(({ table, resends }) => {
      const days = resends.map((resend) => `${resend.day.slice(5)} ${resend.resends}`);
      return days.length > 0 && `Resends that ${table} leaves out: ${days.join(', ')}.`;
    }),
  ];
}

/** What waits for the target of relay, and what it refused. */
function relayText({ relay }: Status): Part {
  if (!relay) return null;
  const { waiting, refused } = relay;
  const since = waiting.oldest == null ? '' : `, the oldest since about ${waiting.oldest}`;
  const count = sum(refused.map((reason) => reason.count));
  return `Relay: ${counted(waiting.count, 'request')} waiting${since}, ${count} refused.`;
}

/** How many alarms are on, and how many notify nobody. */
function alarmsText({ alarms, isLocal }: Status): Part {
  if (!alarms) return null;
  const has = (state: AlarmState['state']) => alarms.filter((alarm) => alarm.state === state).length;
  const silent = alarms.filter(({ notifies }) => !notifies).length;
  const unnotified = isLocal ? ' (docs/local.md, "Alarms")' : `, ${silent} notify nobody`;
  return `Alarms: ${has('ALARM')} of ${alarms.length} on, ${has('INSUFFICIENT_DATA')} without data${unnotified}.`;
}

/** Datasets or exports that are not shown, and what shows them; an empty text without any. */
function othersText(
  what: string,
  { total, needing, shown, others }: ShownDrops<unknown>,
  command: string,
): string {
  const left = total - shown.length;
  if (left === 0) return '';
  const days = Object.entries(others).map(([state, count]) => `${count} ${state}`);
  const need = Math.max(0, needing - shown.length);
  return `${left} more ${what}, of which ${need} need somebody: days ${days.join(', ')}. \`${command}\` shows them.`;
}

/** What waits for the writer, as a sentence. */
function backlogText({ messages, perMinute, goneAt }: WriterBacklog): string {
  const forecast =
    goneAt === null
      ? 'within half an hour they did not become fewer'
      : `gone at ${goneAt} at the rate of the last half hour`;
  const end =
    perMinute === null ? 'none was finished within half an hour, so their end is not known' : forecast;
  return `Writer: ${counted(messages, 'message')} waiting, ${end}.`;
}

/** What a calendar says of a day, by its state. */
const DAY_WORDS: Readonly<Record<LedgerState, string>> = {
  succeeded: 'loaded',
  succeeded_no_data: 'empty',
  inputs_missing: 'without inputs',
  failed: 'failed',
  loading: 'loading',
  waiting: 'waiting',
};

/** `5 loaded, 1 failed, 1 without files seen (2026-11-14 to 2026-11-20)` */
function calendar(days: readonly Pick<DropDay, 'day' | 'state' | 'empty'>[], words = DAY_WORDS): string {
  const counts = new Map<string, number>();
  for (const { state, empty } of days) {
    const known = state === null ? 'without files seen' : words[state];
    const mark = empty === null ? known : 'with files and 0 rows';
    counts.set(mark, (counts.get(mark) ?? 0) + 1);
  }
  const text = [...counts].map(([mark, count]) => `${count} ${mark}`).join(', ');
  return `${text} (${days[0]?.day} to ${days.at(-1)?.day})`;
}

/** The word of each severity. */
const WORDS = { problem: 'PROBLEM', warning: 'warning', unchecked: 'not checked' } as const;

/** What needs attention: how much, each finding, and how many are not listed. */
function problemsText({ found, problems, more }: Status): string {
  const items = problems.map(
    (problem) => `${WORDS[problem.severity].padEnd(9)}${findingLines(problem, 9).join('\n')}`,
  );
  const left = Object.entries(more).map(([code, count]) => `${count} more ${code}`);
  const rest = left.length === 0 ? [] : [`${left.join(', ')}.`];
  return [attentionText(found), ...items, ...rest].join('\n\n');
}

/** The first line: how many problems and warnings there are. */
function attentionText({ problem: bad, ...others }: Status['found']): string {
  const warnings = sum(Object.values(others));
  if (bad === 0)
    return warnings === 0 ? 'Nothing needs attention.' : `No problem, ${counted(warnings, 'warning')}.`;
  const more = warnings === 0 ? '' : ` and ${counted(warnings, 'warning')}`;
  return `Something needs attention: ${counted(bad, 'problem')}${more}.`;
}

/** How old something is; empty without a time. */
function age(from: string | null, to: string): string {
  return from === null ? '' : duration(Math.max(0, (Date.parse(to) - Date.parse(from)) / 1_000));
}
