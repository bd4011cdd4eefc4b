import { listed, someOf } from '../../base/text.ts';
import type { DayContent } from '../../ledger/DayContent.ts';
import type { RowContent } from '../engine/mappedRows.ts';
import { isRepeated } from '../engine/writtenRows.ts';
import { type DayBefore, isUsual } from './daysBefore.ts';

// Whether rows of a day are in two of its files, as of a job that ran twice and wrote a new file each time.

/** Rows of a day that are equal to rows of another of its files. */
interface SharedRows {
  /** How many there are beside the first of each; 0 of so few that they are not told. */
  readonly rows: number;
  /** Accepted rows of the day. */
  readonly of: number;
  /** Whether `rows` was estimated from a sample. */
  readonly isEstimate: boolean;
  /** Two files that have equal rows, pair by pair, the one with the most of them first: `a.parquet and b.parquet`. */
  readonly pairs: readonly string[];
}

/** Counts the rows of a day that are equal to rows of another file. @param out Accepted rows of the day. */
export function sharedRows(sample: RowContent['sample'], out: number): SharedRows {
  const inTwo = sample.filter(({ files }) => files > 1);
  const sampled = sample.reduce((all, { files }) => all + files, 0);
  const again = inTwo.reduce((all, { files }) => all + files - 1, 0);
  const isEstimate = sampled !== out;
  const rows = again === 0 ? 0 : Math.round((out * again) / sampled);
  const byPair = Map.groupBy(inTwo, ({ keys }) => keys.join(' and '));
  const pairs = [...byPair].sort(([, a], [, b]) => b.length - a.length).map(([pair]) => pair);
  return { rows: isRepeated({ rows, of: out }) ? rows : 0, of: out, isEstimate, pairs };
}

/** That rows of a day are in two of its files, where days before had none such. */
export function unusualShared(
  { rows, of, isEstimate, pairs }: SharedRows,
  before: readonly DayBefore[],
): DayContent['unusual'] {
  const hasShared = ({ shared }: DayContent) => (shared === undefined ? undefined : shared > 0);
  if (rows === 0 || isUsual(before, hasShared)) return [];
  const some = `${isEstimate ? 'about ' : ''}${someOf(rows, of, 'row')}`;
  return [{ kind: 'shared', words: `${some} equal to rows of another file: ${listed(pairs)}` }];
}
