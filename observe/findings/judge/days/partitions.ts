import { counted, listed } from '../../../../lib/base/text.ts';
import { tableKinds } from '../../../../lib/schema/kinds.ts';
import { partitionKey } from '../../../../lib/tables/sharedColumns.ts';
import type { UnreadDay } from '../../../facts/days/ledgerDays.ts';
import type { SharedPart, StatusFacts } from '../../../facts/statusFacts.ts';
import type { PartitionGap } from '../../../facts/tables/partitionGaps.ts';
import type { MadePartition } from '../../../facts/tables/tables.ts';
import { type Finding, finding, seenNow } from '../../catalogue.ts';
import { explained, failedAt, failureTold, otherBuckets } from '../failures.ts';
import type { Findings, Place } from '../place.ts';
import { otherDays } from '../texts.ts';

/** Days with files that no query reads, as they have no partition. */
export function* missingPartitions(facts: StatusFacts, place: Place): Findings {
  const { config, commands } = place;
  const unread = facts.partitions?.gaps ?? [];
  const failure = facts.failures['register'];
  yield* misplacedPartitions(unread, place, otherBuckets(failure?.text ?? '', config));
  const gaps = unread.filter(({ elsewhere }) => elsewhere === undefined);
  if (gaps.length === 0) return;
  const tables = tableKinds.flatMap((kind) => {
    const days = gaps.filter(({ table }) => table === kind).map(({ day }) => day);
    return days.length === 0 ? [] : [`${config.tables[kind]}: ${listed(days)}`];
  });
  // A day that lacks its partition in several tables is one day.
  const { size: days } = new Set(gaps.map(({ day }) => day));
  const title = `${counted(days, 'day has', 'days have')} files and no partition, ${tables.join('; ')}`;
  const failed = failedAt(facts, 'register');
  // Without a count of its runs nobody knows that none has failed.
  const unfailed = { case: facts.functionErrors === null ? 'unread' : 'dropped' } as const;
  const why = failed === '' ? unfailed : failureTold(facts, 'register', failure, config);
  const told = {
    ...why,
    judgedBy: ['the partitions'],
    ...seenNow(title, `${failed} Missing: ${tables.join('; ')}.`.trim()),
  } as const;
  yield finding('SLUICE_FINDING_PARTITION_WRONG', told, [
    ...explained(why, 'register', place),
    commands.register,
  ]);
}

/**
 * Days of raw tables whose partition points to another folder: a finding for each table, and one for those without files. The registrar
 * leaves such partitions.
 *
 * @param registrarsBuckets Buckets that the registrar asks for, and the configuration does not name: partitions there are its own, and told apart.
 */
export function misplacedPartitions(
  gaps: readonly PartitionGap[],
  place: Pick<Place, 'config' | 'commands'>,
  registrarsBuckets: readonly string[] = [],
): readonly Finding[] {
  const misplaced = gaps.flatMap(({ elsewhere, ...gap }) =>
    elsewhere === undefined ? [] : [{ ...gap, elsewhere }],
  );
  const isOfRegistrar = ({ elsewhere }: PartitionGap) =>
    registrarsBuckets.some((bucket) => elsewhere?.location.startsWith(`s3://${bucket}/`));
  const kindOf = (gap: PartitionGap) => `${gap.table} ${gap.isWithoutFiles} ${isOfRegistrar(gap)}`;
  return [...Map.groupBy(misplaced, kindOf).values()].flatMap((days) => {
    const [first] = days;
    if (first === undefined) return [];
    const register = first.isWithoutFiles ? null : place.commands.register;
    const table = place.config.tables[first.table];
    const isRegistrars = isOfRegistrar(first);
    return [misplacedOf({ table, days, register, isRegistrars, judgedBy: ['the partitions'] }, place)];
  });
}

/** Partitions of a table that point to another folder. */
interface Misplaced {
  /** Name of the table. */
  readonly table: string;
  /** At least one. */
  readonly days: readonly { readonly day: string; readonly elsewhere: MadePartition }[];
  /** The command that registers the days once these partitions are dropped; null of days without files. */
  readonly register: string | null;
  /** Whether the registrar made them, as it asks for the bucket that they have. Default no. */
  readonly isRegistrars?: boolean;
  /** The parts whose answers show it. */
  readonly judgedBy: readonly SharedPart[];
}

/** The finding of days whose partitions point elsewhere. */
function misplacedOf(
  { table, days, register, isRegistrars = false, judgedBy }: Misplaced,
  { config, commands }: Pick<Place, 'config' | 'commands'>,
): Finding {
  const [first] = days.map(({ day, elsewhere }) => `${day} points to ${elsewhere.location}`);
  // A change leaves the time at which the partition was made: https://github.com/ministackorg/ministack/pull/829
  const texts = days.map(({ day, elsewhere: { location, madeAt } }) => {
    const made = madeAt === null ? '' : `, made at ${madeAt}`;
    return `${day} points to ${location}${made}`;
  });
  const dropped = days.slice(0, MOST_UNREAD).map(({ day }) => `PARTITION (${partitionKey.name} = '${day}')`);
  // https://docs.aws.amazon.com/athena/latest/ug/alter-table-drop-partition.html
  const sql = `ALTER TABLE \`${config.database}\`.\`${table}\` DROP IF EXISTS ${dropped.join(', ')}`;
  const ofDay = register === null ? ' of a day without files' : '';
  const byPerson = register === null ? 'extra' : 'elsewhere';
  const byRegistrar = register === null ? 'registrarExtra' : 'registrar';
  const told = {
    case: isRegistrars ? byRegistrar : byPerson,
    judgedBy,
    ...seenNow(
      `A partition of ${table}${ofDay} has another folder: ${first}${otherDays(days.length)}`,
      `${table}: ${listed(texts, '; ')}.`,
    ),
  } as const;
  return finding('SLUICE_FINDING_PARTITION_WRONG', told, [
    ...(isRegistrars ? [commands.sluice('doctor', '--drift')] : []),
    commands.sluice('query', sql),
    ...(register === null ? [] : [register]),
  ]);
}

/** Days of which a command registers partitions: a shell takes 128 KiB of a word. */
const MOST_UNREAD = 500;

/**
 * Days of a table with versions that no query reads. A customer's files, or the raw files, may be gone: their version is registered as it is.
 *
 * @param name What the days are of, as the finding says.
 */
export function* unreadVersions(
  {
    name,
    table,
    unread = [],
    judgedBy,
  }: Pick<Misplaced, 'table' | 'judgedBy'> & {
    readonly name: string;
    readonly unread?: readonly UnreadDay[] | undefined;
  },
  place: Pick<Place, 'config' | 'commands'>,
): Findings {
  const { config, commands } = place;
  const register = (days: readonly UnreadDay[]): string => {
    const added = days
      .slice(0, MOST_UNREAD)
      .map(({ day, location }) => `PARTITION (${partitionKey.name} = '${day}') LOCATION '${location}'`);
    // https://docs.aws.amazon.com/athena/latest/ug/alter-table-add-partition.html
    return commands.sluice(
      'query',
      `ALTER TABLE \`${config.database}\`.\`${table}\` ADD IF NOT EXISTS ${added.join(' ')}`,
    );
  };
  const missing = unread.filter(({ elsewhere }) => elsewhere === undefined);
  if (missing.length > 0) {
    const texts = missing.map(({ day, rows }) => `${day} with ${counted(rows, 'row')}`);
    const title = `${counted(texts.length, 'loaded day')} of ${name} ${texts.length === 1 ? 'has' : 'have'} no partition, the first ${texts[0]}`;
    const told = seenNow(title, `${name}: no partition of ${listed(texts)}.`);
    yield finding('SLUICE_FINDING_PARTITION_WRONG', { case: 'dataset', judgedBy, ...told }, [
      register(missing),
    ]);
  }
  const misplaced = unread.flatMap(({ elsewhere, ...day }) =>
    elsewhere === undefined ? [] : [{ ...day, elsewhere }],
  );
  if (misplaced.length > 0)
    yield misplacedOf({ table, days: misplaced, register: register(misplaced), judgedBy }, place);
}
