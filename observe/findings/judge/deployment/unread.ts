import { counted, listed } from '../../../../lib/base/text.ts';
import { forwardedKinds } from '../../../../lib/schema/kinds.ts';
import { GROUPS_TABLE } from '../../../../lib/tables/groupsTable.ts';
import type { UnreadKind } from '../../../answerKinds.ts';
import type { StackFault } from '../../../facts/stackFaults.ts';
import {
  contentPart,
  METADATA_PART,
  RAW_TABLES_PART,
  type StatusFacts,
  type UnreadPart,
} from '../../../facts/statusFacts.ts';
import { type Finding, finding, seenNow } from '../../catalogue.ts';
import { isUnreadByFile } from '../days/rawDays.ts';
import type { Findings, Judged, Place } from '../place.ts';

/**
 * What Athena calls a function or an operator that does not take the type of a column, and it names none: in queries of ours somebody has
 * changed that type. https://github.com/trinodb/trino/blob/master/core/trino-spi/src/main/java/io/trino/spi/StandardErrorCode.java
 */
const OF_TYPE = /\b(?:FUNCTION_NOT_FOUND|TYPE_MISMATCH)\b/;

/** Whether the query of a part reads a table: that of the content or the metadata of events or exposures its own, that of the rows all raw tables. No other part has one. */
function isReadBy(name: string, part: string, { tables, curatedTables }: Judged['config']): boolean {
  const ofContent = part === METADATA_PART ? contentPart('events') : part;
  const kind = forwardedKinds.find((known) => ofContent === contentPart(known));
  if (kind === undefined) return part === RAW_TABLES_PART && Object.values(tables).includes(name);
  return [tables[kind], curatedTables[kind], ...(kind === 'exposures' ? [GROUPS_TABLE] : [])].includes(name);
}

/** Whether a part could not be read because something is gone, or a query failed on a column of it that differs. */
export function isUnreadBy(
  { what, differs, name }: StackFault,
  { kind, why, part }: Unread,
  config: Judged['config'],
): boolean {
  const isOfType = kind === 'query' && differs !== null && what === 'table' && OF_TYPE.test(why);
  if (isOfType && isReadBy(name, part, config)) return true;
  const isAbout = kind === 'query' || (differs === null && kind === 'missing');
  // The name of another may have this name in it.
  const words = new Set(why.split(/[^\w-]+/));
  const points = differs?.flatMap((point) => /`([\w-]+)`/.exec(point)?.[1] ?? []) ?? [];
  return isAbout && [name.slice(name.lastIndexOf('.') + 1), ...points].some((known) => words.has(known));
}

/** Parts that could not be read, but for what the finding of something that is gone or differs, or of a file that is no Parquet, tells. */
export function* unreadParts(
  { unknown, stackFaults, damagedFiles }: StatusFacts,
  { config }: Pick<Place, 'config'>,
): Findings {
  const isTold = (read: UnreadPart) =>
    stackFaults?.some((fault) => isUnreadBy(fault, read, config)) === true ||
    isUnreadByFile(damagedFiles, read);
  yield* unreadFindings(unknown.filter((read) => !isTold(read)));
}

/** Parts that could not be read, a finding for each reason. */
export function unreadFindings(parts: readonly Unread[]): readonly Finding[] {
  return Array.from(Map.groupBy(parts, unreadCause).values(), (ofCause) => ({
    ...unreadOf(ofCause),
    isByKey: ofCause.some(({ isByKey }) => isByKey),
  }));
}

/** Kinds of answers that are about the caller or the account: all parts that have such an answer have it for the same reason. */
const OF_CALLER: readonly UnreadKind[] = [
  'credentials',
  'expired',
  'throttled',
  'denied',
  'timedOut',
  'catalogKey',
];

/** What parts that could not be read have in common; else each has its own answer. */
function unreadCause({ kind, why, isByKey }: Unread): string {
  return `${kind} ${isByKey} ${OF_CALLER.includes(kind) ? '' : why}`;
}

/** What is said of each kind of an answer. */
const UNREAD: Readonly<Record<UnreadKind, string>> = {
  credentials: 'AWS does not accept the credentials',
  expired: 'the credentials are expired',
  throttled: 'AWS throttles the account',
  quota: 'a quota of the account is used up',
  denied: 'AWS denies it',
  missing: 'what is asked for does not exist',
  timedOut: 'AWS did not answer in time',
  query: 'Athena failed with the query',
  catalogKey: 'the key of the Glue Data Catalog cannot be used',
  other: 'the detail has the error',
};

/** What a finding tells of a part that could not be read. */
export type Unread = Pick<UnreadPart, 'part' | 'why' | 'kind' | 'isByKey'>;

/** Parts that could not be read for one reason, with the cure of the kind of the error. @param unread At least one. */
function unreadOf(unread: readonly Unread[]): Finding {
  // Parts are asked at once, and answers come in any order.
  const parts = unread.toSorted((a, b) => a.part.localeCompare(b.part));
  const [{ kind } = { kind: 'other' as const }] = parts;
  const [first = '', second = ''] = parts.map(({ part }) => part);
  const left = parts.length - 2;
  const others = left < 1 ? '' : ` and ${counted(left, 'other')}`;
  const title =
    parts.length === 1
      ? `${first.replace(/^the /, 'The ')} could not be read: ${UNREAD[kind]}`
      : `${parts.length} parts could not be read, ${first}, ${second}${others}: ${UNREAD[kind]}`;
  const texts = Array.from(
    Map.groupBy(parts, ({ why }) => why),
    ([why, ofAnswer]) => {
      return `${listed(ofAnswer.map(({ part }) => part))}: ${why}`;
    },
  );
  return finding('SLUICE_FINDING_UNREADABLE', { case: kind, ...seenNow(title, listed(texts, '; ')) });
}
