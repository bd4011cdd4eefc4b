import { counted, listed } from '../../../lib/base/text.ts';
import { isoTimestamp } from '../../../lib/base/time.ts';
import { type ForwardedKind, forwardedKinds, tableKinds } from '../../../lib/schema/kinds.ts';
import { partitionKey } from '../../../lib/tables/sharedColumns.ts';
import type { StatusFacts } from '../../facts/statusFacts.ts';
import type { LostRawDay, PartitionGap } from '../../facts/tables/partitionGaps.ts';
import { type Finding, finding, seenNow } from '../catalogue.ts';
import { copiesText, sinceOf, versionsUntil } from './dayTexts.ts';
import { type Findings, failedAt, otherDays, type Place } from './place.ts';

/** Days of raw tables that lost files: a finding for each table. */
export function* lostDays(facts: StatusFacts, place: Place): Findings {
  for (const kind of forwardedKinds) yield* lostDaysOfTable(facts, place, kind);
}

function* lostDaysOfTable(facts: StatusFacts, place: Place, kind: ForwardedKind): Findings {
  const { config, commands } = place;
  const table = config.tables[kind];
  const kept = facts.curated?.find((curation) => curation.kind === kind)?.kept ?? [];
  // A day whose rows a curated day keeps has the finding of the curated table alone.
  const lost = (facts.lostDays ?? []).filter(
    (lostDay) => lostDay.table === kind && kept.every((keptDay) => keptDay.day !== lostDay.day),
  );
  const [first] = lost;
  if (first === undefined) return;
  const days = lost.map(({ day }) => day);
  const texts = lost.map((lostDay) => lostDayText(lostDay, table, facts.exports, place));
  const restored = commands.restore(table, days);
  const seen = isoTimestamp(first.seenAt);
  const files = `${first.files - first.left} of ${counted(first.files, 'file')}`;
  const told = {
    case: restored.length > 0 ? 'versions' : 'gone',
    title: `${files} of ${table} of ${first.day} are gone, all of which were there at ${seen}${otherDays(lost.length)}`,
    since: seen,
    detail: `${table}: ${listed(texts, '; ')}.`,
  } as const;
  yield finding('SLUICE_FINDING_DAYS_LOST', told, [...restored, ...commands.accept(kind, days)]);
}

/** `2026-11-20, 1 of 3 files left, all last seen at …, versions until …; the export out keeps 3 copies` */
function lostDayText(
  { day, seenAt, files, left }: LostRawDay,
  table: string,
  exports: StatusFacts['exports'],
  { config, isGone }: Place,
): string {
  const versions = isGone(table, day) ? 'gone' : `until ${versionsUntil(config, seenAt)}`;
  const copies = copiesText(exports, table, day);
  const all = `all last seen at ${isoTimestamp(seenAt)}`;
  return `${day}, ${left} of ${counted(files, 'file')} left, ${all}, versions ${versions}${copies}`;
}

/** Days with files that no query reads, as they have no partition. */
export function* missingPartitions(facts: StatusFacts, place: Place): Findings {
  const { config, commands } = place;
  const unread = facts.partitions?.gaps ?? [];
  yield* misplacedPartitions(unread, place);
  const gaps = unread.filter(({ elsewhere }) => elsewhere === undefined);
  if (gaps.length === 0) return;
  const tables = tableKinds.flatMap((kind) => {
    const days = gaps.filter(({ table }) => table === kind).map(({ day }) => day);
    return days.length === 0 ? [] : [`${config.tables[kind]}: ${listed(days)}`];
  });
  // A day that lacks its partition in several tables is one day.
  const { size: days } = new Set(gaps.map(({ day }) => day));
  const have = days === 1 ? 'has' : 'have';
  const title = `${counted(days, 'day')} ${have} files and no partition, ${tables.join('; ')}`;
  const failed = failedAt(facts, 'register');
  const told = {
    case: failed === '' ? 'missing' : 'failed',
    judgedBy: ['the partitions'],
    ...seenNow(title, `${failed} Missing: ${tables.join('; ')}.`.trim()),
  } as const;
  yield finding('SLUICE_FINDING_PARTITION_WRONG', told, [commands.send('register', '{"sluice":"daily"}')]);
}

/** Days of raw tables whose partition points to another folder: a finding for each table. The registrar leaves such partitions. */
export function misplacedPartitions(
  gaps: readonly PartitionGap[],
  { config, commands }: Pick<Place, 'config' | 'commands'>,
): readonly Finding[] {
  const misplaced = gaps.flatMap(({ table, day, elsewhere }) =>
    elsewhere === undefined ? [] : [{ table, day, ...elsewhere }],
  );
  return [...Map.groupBy(misplaced, ({ table }) => table)].map(([kind, days]) => {
    const table = config.tables[kind];
    const texts = days.map(({ day, location, madeAt }) => {
      const made = madeAt === null ? '' : `, made at ${madeAt}`;
      return `${day} points to ${location}${made}`;
    });
    const others = otherDays(days.length);
    const dropped = days.map(({ day }) => `PARTITION (${partitionKey.name} = '${day}')`);
    // https://docs.aws.amazon.com/athena/latest/ug/alter-table-drop-partition.html
    const sql = `ALTER TABLE \`${config.database}\`.\`${table}\` DROP IF EXISTS ${dropped.join(', ')}`;
    const told = {
      case: 'elsewhere',
      judgedBy: ['the partitions'],
      title: `A partition of ${table} has another folder: ${texts[0]}${others}`,
      since: sinceOf(days.map(({ madeAt }) => (madeAt === null ? null : Date.parse(madeAt)))),
      detail: `${table}: ${listed(texts, '; ')}.`,
    } as const;
    const register = commands.send('register', '{"sluice":"daily"}');
    return finding('SLUICE_FINDING_PARTITION_WRONG', told, [commands.sluice('query', sql), register]);
  });
}
