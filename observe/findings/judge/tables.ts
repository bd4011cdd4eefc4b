import { lifecycleRules } from '../../../lib/access/buckets/lifecycleRules.ts';
import { counted, listed } from '../../../lib/base/text.ts';
import { addDays, HOUR_MS, isoTimestamp } from '../../../lib/base/time.ts';
import type { ArchivingRule, NotedRule } from '../../../lib/landing/catalog/archivingRules.ts';
import { isCuredByRedrive, isRowFailure } from '../../../lib/landing/quarantineReasons.ts';
import { isUnsure, NOT_LOOKED } from '../../../lib/reconcile/judgeHour.ts';
import { dueDay } from '../../../lib/reconcile/lastNight.ts';
import type { ReceivedHour } from '../../../lib/reconcile/receivedHours.ts';
import { forwardedKinds, tableKinds } from '../../../lib/schema/kinds.ts';
import { QUERY_RESULTS_FOLDER } from '../../../lib/tables/objectKeys.ts';
import { MOST_COMMANDS } from '../../deploymentCommands.ts';
import { explainCode } from '../../explainCode.ts';
import { hourFolders } from '../../facts/days/goneFiles.ts';
import type { StatusFacts } from '../../facts/statusFacts.ts';
import type { QuarantineSender } from '../../facts/tables/quarantineSenders.ts';
import { finding, seenNow } from '../catalogue.ts';
import { copiesText, sinceOf, versionsUntil } from './dayTexts.ts';
import { type Findings, failedAt, fromText, otherDays, type Place, senderText, shareText } from './place.ts';

/** Days of raw tables that lost files. */
export function* lostDays(facts: StatusFacts, { config, commands, isGone }: Place): Findings {
  const { curated, exports } = facts;
  for (const kind of forwardedKinds) {
    const kept = curated?.find((table) => table.kind === kind)?.kept ?? [];
    // A day whose rows a curated day keeps has the finding of the curated table alone.
    const lost = (facts.lostDays ?? []).filter(
      ({ table, day }) => table === kind && kept.every((keptDay) => keptDay.day !== day),
    );
    const gone = lost.map(({ day }) => day);
    const days = lost.map(({ day, seenAt, files, left }) => {
      const until = isGone(config.tables[kind], day) ? 'gone' : `until ${versionsUntil(config, seenAt)}`;
      return `${day}, ${left} of ${counted(files, 'file')} left, all last seen at ${isoTimestamp(seenAt)}, versions ${until}${copiesText(exports, config.tables[kind], day)}`;
    });
    const [first] = lost;
    if (first === undefined) continue;
    const restored = commands.restore(config.tables[kind], gone);
    const seen = isoTimestamp(first.seenAt);
    const told = {
      case: restored.length > 0 ? 'versions' : 'gone',
      title: `${first.files - first.left} of ${counted(first.files, 'file')} of ${config.tables[kind]} of ${first.day} are gone, all of which were there at ${seen}${otherDays(lost.length)}`,
      since: seen,
      detail: `${config.tables[kind]}: ${listed(days, '; ')}.`,
    } as const;
    yield finding('SLUICE_FINDING_DAYS_LOST', told, [...restored, ...commands.accept(kind, gone)]);
  }
}

/** Archived files of tables, which queries skip, and rules of the bucket that archive more. */
export function* archivedFiles({ archivedDays, archivingRules }: StatusFacts, place: Place): Findings {
  const { config, commands } = place;
  for (const [table, days] of Map.groupBy(archivedDays ?? [], (archivedDay) => archivedDay.table)) {
    const texts = days.map(
      ({ day, since, keys }) => `${day}, ${counted(keys.length, 'file')}, seen since ${isoTimestamp(since)}`,
    );
    const objectOptions = (key: string) => ['--bucket', config.bucket, '--key', key];
    const first = days.flatMap(({ keys }) => keys).slice(0, MOST_COMMANDS);
    const folders = new Set(days.flatMap(({ keys }) => keys.map((key) => key.replace(/[^/]*$/, ''))));
    const lists = [...folders].slice(0, MOST_COMMANDS).map((folder) => {
      const query = "Contents[?StorageClass=='GLACIER'||StorageClass=='DEEP_ARCHIVE'].Key";
      const where = ['--bucket', config.bucket, '--prefix', folder];
      return commands.aws('s3api', 'list-objects-v2', ...where, '--query', query, '--output', 'text');
    });
    const files = days.reduce((sum, { keys }) => sum + keys.length, 0);
    const told = {
      title: `${counted(files, 'file')} of ${table} ${files === 1 ? 'is' : 'are'} archived, of ${counted(days.length, 'day')}, the newest ${days
        .map(({ day }) => day)
        .sort()
        .at(-1)}`,
      since: sinceOf(days.map(({ since }) => since)),
      detail: `${table}: ${listed(texts, '; ')}.`,
    };
    yield finding('SLUICE_FINDING_ARCHIVED', told, [
      ...lists,
      ...first.map((key) =>
        commands.aws('s3api', 'restore-object', ...objectOptions(key), '--restore-request', 'Days=7'),
      ),
      ...first.map((key) => {
        const source = `${config.bucket}/${key}`;
        const target = ['--copy-source', source, '--storage-class', 'STANDARD'];
        return commands.aws('s3api', 'copy-object', ...objectOptions(key), ...target);
      }),
    ]);
  }
  yield* archivingRuleFindings(archivingRules ?? [], place);
}

/** Rules of the bucket that archive objects in folders of ours. Results of queries are read once. */
export function* archivingRuleFindings(
  rules: readonly (ArchivingRule & Partial<NotedRule>)[],
  { config, commands }: Pick<Place, 'config' | 'commands'>,
): Findings {
  const own = [...new Set(lifecycleRules(config).map(({ prefix }) => prefix))];
  const read = own.filter(
    (folder) =>
      folder !== QUERY_RESULTS_FOLDER && own.every((other) => other === folder || !folder.startsWith(other)),
  );
  const texts = rules.flatMap(({ id, prefix, storageClass, days, isOfVersions, since }) => {
    const folders = read.flatMap((folder) =>
      folder.startsWith(prefix) ? [folder] : prefix.startsWith(folder) ? [prefix] : [],
    );
    if (folders.length === 0) return [];
    const what = isOfVersions ? 'earlier versions, which `sluice restore` needs,' : 'objects';
    const when = days === null ? 'from a date on' : `after ${counted(days, 'day')}`;
    const seen = since === undefined ? '' : `, seen since ${isoTimestamp(since)}`;
    return [
      {
        text: `the rule ${id} moves ${what} to ${storageClass} ${when}, in ${listed(folders)}${seen}`,
        title: `The rule ${id} of ${config.bucket} moves ${isOfVersions ? 'earlier versions' : 'objects'} of ${counted(folders.length, 'folder')} to ${storageClass}`,
        since,
      },
    ];
  });
  const [first] = texts;
  if (first === undefined) return;
  const count = texts.length - 1;
  const verb = count === 1 ? 'archives' : 'archive';
  const others = count === 0 ? '' : `, and ${counted(count, 'other rule')} ${verb} more`;
  const all = texts.map(({ text }) => text);
  const told = {
    title: `${first.title}${others}`,
    since: sinceOf(texts.map(({ since }) => since)),
    detail: `${config.bucket}: ${listed(all, '; ')}.`,
  };
  yield finding('SLUICE_FINDING_ARCHIVING', told, [
    commands.aws('s3api', 'get-bucket-lifecycle-configuration', '--bucket', config.bucket),
  ]);
}

/** Hours of which events are missing, as the nights have judged them, and days of which too many are unproved. */
export function* shortHours({ receivedHours }: StatusFacts, { config, commands, isGone }: Place): Findings {
  const deep = (hours: readonly ReceivedHour[]) =>
    Array.from(new Set(hours.map(({ ds }) => ds)), (day) =>
      commands.sluice('reconcile', '--deep', '--day', day),
    );
  const short = (receivedHours ?? []).filter(({ state }) => state === 'short');
  const foldersOf = (row: ReceivedHour) => hourFolders(row).filter((folder) => !isGone(folder, row.ds));
  const shown = short.map((row) => {
    const { ds, hour, table_name, missing, unproved, accepted } = row;
    const range = unproved > 0 ? `at least ${missing}, at most ${missing + unproved}` : missing;
    const gone = foldersOf(row).length === 0 ? ', versions gone' : '';
    return `${ds}T${String(hour).padStart(2, '0')}, ${table_name}: ${range} of ${accepted} accepted events are missing${gone}`;
  });
  const folders = [...new Set(short.flatMap(foldersOf))];
  // The collector has put there itself what the stream did not take.
  const isDirect = (folder: string) => folder.includes('/direct/');
  const versions = (folder: string) =>
    commands.aws(
      's3api',
      'list-object-versions',
      '--bucket',
      config.bucket,
      '--prefix',
      folder,
      '--query',
      '[Versions,DeleteMarkers][].[Key,LastModified,VersionId,Size]',
      '--output',
      'text',
    );
  if (short.length > 0)
    yield finding('SLUICE_FINDING_HOUR_SHORT', shortTold(), [
      ...deep(short),
      ...folders
        .filter((folder) => !isDirect(folder))
        .slice(0, MOST_COMMANDS)
        .map(versions),
      ...folders.filter(isDirect).map(versions),
    ]);
  function shortTold() {
    const sumOf = (name: 'missing' | 'accepted') => short.reduce((sum, row) => sum + row[name], 0);
    const tables = [...new Set(short.map((row) => row.table_name))].join(' and ');
    const times = short.map(({ ds, hour }) => `${ds}T${String(hour).padStart(2, '0')}:00:00Z`);
    return {
      case: folders.length > 0 ? 'versions' : 'gone',
      title: `${sumOf('missing')} of ${counted(sumOf('accepted'), 'accepted row')} of ${tables} are missing, of ${counted(short.length, 'hour')}`,
      since: times.sort()[0] ?? null,
      detail: `${listed(shown, '; ')}.`,
    } as const;
  }
  const unsure = (receivedHours ?? []).filter(
    ({ state, unproved, accepted }) => state === 'whole' && isUnsure(unproved, accepted),
  );
  const days = Map.groupBy(unsure, ({ ds }) => ds);
  const sums = Array.from(days, ([day, own]) => {
    const sumOf = (name: 'unproved' | 'accepted') => own.reduce((sum, row) => sum + row[name], 0);
    return `${day}, ${counted(own.length, 'hour')} of a table: ${sumOf('unproved')} of ${sumOf('accepted')} accepted events`;
  });
  const sumOf = (name: 'unproved' | 'accepted') => unsure.reduce((sum, row) => sum + row[name], 0);
  const told = {
    title: `${sumOf('unproved')} of ${counted(sumOf('accepted'), 'accepted event')} of ${counted(days.size, 'day')} are unproved`,
    since: [...days.keys()].sort()[0] ?? null,
    detail: `${listed(sums, '; ')}.`,
  };
  if (days.size > 1) yield finding('SLUICE_FINDING_HOURS_UNPROVED', told, deep(unsure));
}

/** Nights that should have judged the day before them, or hours that were open, and have not, or not by rows. */
export function* missingNights(facts: StatusFacts, { config, now, commands }: Place): Findings {
  const { lastNight, receivedHours } = facts;
  if (!config.reconcile || lastNight === null) return;
  const due = dueDay(now - HOUR_MS);
  const looked = Date.parse(`${addDays(due, 1)}T00:00:00Z`);
  const days = new Set((receivedHours ?? []).flatMap((row) => (isUnlooked(row, looked) ? [row.ds] : [])));
  if (lastNight.day >= due && days.size === 0) return;
  const open = days.size === 0 ? '' : ` Hours of ${listed([...days])} were not looked at.`;
  const unread = new Set((receivedHours ?? []).flatMap(({ why, ds }) => (why === NOT_LOOKED ? [ds] : [])));
  const looks = [...unread].map((unreadDay) => commands.sluice('reconcile', '--deep', '--day', unreadDay));
  const { day, at } = lastNight;
  const newest = at === null ? 'none is' : `${day} the newest that is, last at ${at}`;
  yield finding(
    'SLUICE_FINDING_NIGHT_MISSING',
    {
      case: failedAt(facts, 'reconcile') === '' ? 'silent' : 'failed',
      title:
        days.size > 0
          ? `Hours of ${counted(days.size, 'day')} wait to be judged, the newest ${[...days].sort().at(-1)}`
          : `The hours of ${due} are not judged; the newest day that is judged is ${at === null ? 'none' : day}`,
      since: at,
      detail: `${due} is the newest day that should be judged, and ${newest}.${open}${failedAt(facts, 'reconcile')}`,
    },
    [
      commands.sluice('doctor', '--drift'),
      ...(looks.length > 0 ? looks : [commands.sluice('reconcile', '--day', due)]),
    ],
  );
}

/** Whether an hour is open, and the night that was due then has not looked at it; or at the rows that it needed. */
function isUnlooked({ state, why, checked_at: at }: ReceivedHour, looked: number): boolean {
  if (why === NOT_LOOKED) return true;
  return state === 'open' && typeof at === 'string' && Date.parse(`${at.replace(' ', 'T')}Z`) < looked;
}

/** Days with files that no query reads, as they have no partition. */
export function* missingPartitions(facts: StatusFacts, { config, commands }: Place): Findings {
  const { partitions } = facts;
  const gaps = tableKinds.flatMap((table) => {
    const days = (partitions?.gaps ?? []).flatMap((gap) => (gap.table === table ? [gap.day] : []));
    return days.length === 0 ? [] : [`${config.tables[table]}: ${listed(days)}`];
  });
  const missing = (partitions?.gaps ?? []).map(({ day }) => day).sort();
  const failed = failedAt(facts, 'register');
  const title = `${counted(missing.length, 'day')} ${missing.length === 1 ? 'has' : 'have'} files and no partition, ${gaps.join('; ')}`;
  if (gaps.length > 0)
    yield finding(
      'SLUICE_FINDING_PARTITION_WRONG',
      {
        case: failed === '' ? 'missing' : 'failed',
        judgedBy: ['the partitions'],
        ...seenNow(title, `${failed} Missing: ${gaps.join('; ')}.`.trim()),
      },
      [commands.send('register', '{"sluice":"daily"}')],
    );
}

/** Refused events. */
export function* quarantined({ quarantine }: StatusFacts, { commands }: Place): Findings {
  const reasons = quarantine ?? [];
  const [first] = reasons;
  if (first === undefined) return;
  const cured = reasons.filter(({ reason }) => isCuredByRedrive(reason)).slice(0, MOST_COMMANDS);
  const lost = reasons.filter(({ reason }) => !isCuredByRedrive(reason)).slice(0, MOST_COMMANDS);
  const cures = lost.map(({ reason }) => ` ${reason}: ${explainCode(reason).cure}`);
  const rows = reasons.map(({ reason, rows: count, firstAt, newestAt, senders }) => {
    const who = senders.length === 0 ? [UNKNOWN_SENDER] : senders.map(quarantineSenderText);
    const times = `the first of ${firstAt}, the last of ${newestAt}`;
    return [`${counted(count, 'row')} with ${reason}, ${times}`, ...who].join(', ');
  });
  const total = reasons.reduce((sum, { rows }) => sum + rows, 0);
  const is = total === 1 ? 'is' : 'are';
  const [sender] = first.senders;
  const from = sender === undefined ? '' : fromText(sender);
  const share = sender?.rows === first.rows ? '' : `, ${sender?.rows} of these`;
  const most = from === '' ? '' : `${share}${from}`;
  const told = {
    case: lost.length === 0 ? 'redrive' : cured.length === 0 ? 'sender' : 'mixed',
    title: `${counted(total, 'row')} ${is} in quarantine, ${shareText(first.rows, reasons.length)} with ${first.reason}${most}`,
    since: reasons.map(({ firstAt }) => firstAt).sort()[0] ?? null,
    detail: `${listed(rows, '; ')}.${cures.join('')}`,
  } as const;
  yield finding(
    'SLUICE_FINDING_QUARANTINED',
    told,
    [
      commands.sluice('quarantine'),
      ...cured.flatMap(({ reason }) => [
        commands.sluice('redrive', '--reason', reason, '--dry-run'),
        commands.sluice('redrive', '--reason', reason),
      ]),
    ],
    // Refused events are ordinary; rows that their table did not take are not.
    reasons.some(({ reason }) => isRowFailure(reason)) ? 'problem' : 'warning',
  );
}

/** What is said of rows whose senders nobody counts: without Athena only their files are read. */
const UNKNOWN_SENDER = 'Who sent them is not known, as Athena was not asked';

/** `5 from js-client 3.1 with the key web (first …, last …)` */
function quarantineSenderText(sender: QuarantineSender): string {
  const path = sender.path === null ? '' : ` in ${sender.path}`;
  return `${sender.rows}${senderText(sender)}${path} (first ${sender.firstAt}, last ${sender.lastAt})`;
}
