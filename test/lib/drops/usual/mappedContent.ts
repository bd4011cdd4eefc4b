import { addDays } from '../../../../lib/base/time.ts';
import { emptyContent, type RowContent } from '../../../../lib/drops/engine/mappedRows.ts';
import type { DayBefore } from '../../../../lib/drops/usual/daysBefore.ts';
import { judgeContent } from '../../../../lib/drops/usual/usualContent.ts';

export const DAY = '2026-11-20';
/** It is loaded on itself. */
export const ON = { day: DAY, today: DAY };
export type Field = Partial<RowContent['fields'][string]>;
/** Rows of a day, as the engine has mapped them. */
export type Mapped = Parameters<typeof judgeContent>[0];
/** A day of such rows, which a person may have accepted. */
export type Day = Mapped & Pick<DayBefore, 'accepted'>;

/** What rows hold of a price: numbers of a double, of which all have one. */
export const price = (more: Field = {}) => ({
  column: 'price',
  none: 0,
  numbers: 100,
  whole: 0,
  looked: 100,
  different: 50,
  lengths: { 3: 100 },
  forms: {},
  types: { DOUBLE: ['1.5', '2.5'] },
  ...more,
});

/** A day whose rows hold this. @param out Their number. */
export const holding = (more: Partial<RowContent>, out = 100) => ({
  rows: { in: out, out, refused: 0 },
  content: { ...emptyContent(), rows: out, fields: { eventValue: price() }, ...more },
});

/** A day with such values of a price. @param days Rows of other days. */
export const rowsOf = (field: Field = {}, days: RowContent['days'] = {}, out = 100) =>
  holding({ fields: { eventValue: price(field) }, days }, out);

/** A day with such a price that a person has accepted. */
export const accepted = <Rows extends Mapped>(rows: Rows) => ({ ...rows, accepted: true as const });

/** The same day so many times. */
export const times = (count: number, day: Day): readonly Day[] => Array.from({ length: count }, () => day);

export const six = times(6, rowsOf());

/** Days before, the newest first, of which each is judged by those before it. */
export function daysOf(...each: readonly Day[]): readonly DayBefore[] {
  let before: readonly DayBefore[] = [];
  for (const { accepted, ...rows } of each) {
    const content = judgeContent(rows, before, [], ON);
    const day = addDays(DAY, before.length - each.length);
    before = [{ day, rows: rows.rows, accepted, content }, ...before];
  }
  return before.slice(0, 7);
}

/** What is told of a day by those before it. */
export const unusual = (now: Mapped, before: readonly DayBefore[]) =>
  judgeContent(now, before, [], ON).unusual;

/** What is told of a day after these, the newest last. */
export const told = (now: Mapped, ...before: readonly Day[]) => unusual(now, daysOf(...before));

/** The words of what is told. */
export const wordsOf = (now: Mapped, ...before: readonly Day[]) =>
  told(now, ...before).map(({ words }) => words);

/** Kinds and words of what is told. */
export const kindsOf = (now: Mapped, ...before: readonly Day[]) =>
  told(now, ...before).map(({ kind, words }) => [kind, words]);
