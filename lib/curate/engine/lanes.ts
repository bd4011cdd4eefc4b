import { quoteText } from '../../base/sql.ts';
import { sum } from '../../base/sum.ts';

/** A range of names whose rows are sorted together; a name with more rows has several lanes, by hash of `event_id`. */
interface Lane {
  /** The first name of the range. The range ends before the first name of the next lane. */
  readonly from: string;
  /** How many lanes share exactly this name; 1 for a range. */
  readonly parts: number;
}

/** How the rows of a slice are cut into lanes, in the order of names, so that an experiment is in few files. */
export interface Lanes {
  /** How many lanes there are, 1 at least. */
  readonly count: number;
  /** SQL of the number of a row's lane, from 0. */
  readonly sql: string;
}

/**
 * Cuts rows into lanes of about as many rows as are sorted at once.
 *
 * @param sample Names of rows with the number of rows that each stands for, in binary order and without null.
 * @param aim Rows of a lane.
 * @param key SQL of the name, and of what a name with many rows is cut by.
 */
export function cutLanes(
  sample: readonly (readonly [name: string, rows: number])[],
  aim: number,
  key: { readonly name: string; readonly identity: string },
): Lanes {
  const lanes: Lane[] = [];
  let room = 0;
  for (const [name, rows] of sample) {
    const parts = Math.ceil(rows / aim);
    if (parts > 1) {
      lanes.push({ from: name, parts });
      // The next name begins a lane, as this one is alone.
      room = 0;
    } else if (rows > room) {
      lanes.push({ from: name, parts: 1 });
      room = aim - rows;
    } else room -= rows;
  }
  const firsts = lanes.map((_, i) => sum(lanes.slice(0, i).map(({ parts }) => parts)));
  const count = sum(lanes.map(({ parts }) => parts));
  const lane = (i: number): string => {
    const { parts } = lanes[i] ?? { parts: 1 };
    const first = firsts[i] ?? 0;
    return parts === 1 ? String(first) : `${first} + CAST(hash(${key.identity}) % ${parts} AS INTEGER)`;
  };
  // A binary search, as there may be hundreds of lanes and each row is looked up. A null comes last.
  const search = (low: number, high: number): string => {
    if (high - low <= 1) return lane(low);
    const middle = (low + high) >> 1;
    return `CASE WHEN ${key.name} < ${quoteText(lanes[middle]?.from ?? '')} THEN ${search(low, middle)} ELSE ${search(middle, high)} END`;
  };
  return { count: Math.max(1, count), sql: search(0, lanes.length) };
}
