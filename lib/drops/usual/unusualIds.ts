import { sum } from '../../base/sum.ts';
import { counted, percent, quotedName, someOf } from '../../base/text.ts';
import type { FieldContent } from '../engine/mappedRows.ts';
import { FEWEST_DAYS, FEWEST_VALUES, MOST } from './daysBefore.ts';
import type { FieldBefore, KeptField } from './fieldBefore.ts';

// Whether IDs of units are as those of the days before.

/**
 * Shares of the values that are one ID of a unit: below `before` of some unit that sends most, above `now` of many
 * units that have none of their own.
 */
const MANY_OF_ONE = { before: 0.05, now: 0.25 };
/** What programs write in place of an ID that they do not know. */
const NOBODY =
  /^(?:-1|[0-]+|null|none|nan|nil|undefined|n\/a|na|guest|anonymous|unknown|test|user|default)$/i;
/** IDs that are shorter than before are told above this share of all. */
const SHORTER = 0.05;

/** What is kept of IDs besides what is kept of any field. */
export function keptIds({ lengths, most }: FieldContent): Pick<KeptField, 'length' | 'most'> {
  return { length: mostLength(lengths), most: most?.values };
}

/**
 * What of IDs of units is told beside what is of any field: one that many rows have, else that few differ; and their
 * length.
 */
export function idWords(content: FieldContent, usual: readonly FieldBefore[]): readonly (string | null)[] {
  return [mostWords(content, usual) ?? fewerWords(content, usual), lengthWords(content, usual)];
}

/**
 * How many values are one and the same, where none of enough days before had one of a twentieth; null if it is not so,
 * or all are. It is named if it is a word for nobody: any other may be a person.
 */
function mostWords({ looked, most }: FieldContent, usual: readonly FieldBefore[]): string | null {
  const shares = usual.flatMap((day) =>
    day.most === undefined ? [] : day.most / Math.max(1, day.looked ?? 0),
  );
  const shareBefore = Math.max(...shares);
  // Long ones are not known in whole: they may differ.
  if (most?.text === undefined || shares.length < FEWEST_DAYS) return null;
  const isMany = most.values >= FEWEST_VALUES && most.values > looked * MANY_OF_ONE.now;
  if (!isMany || most.values === looked || shareBefore >= MANY_OF_ONE.before) return null;
  const one = NOBODY.test(most.text) ? quotedName(most.text) : 'one and the same';
  return `${someOf(most.values, looked, 'value')} that were looked at are ${one}, before at most ${percent(shareBefore, 1)} were one`;
}

/**
 * How few values differ from each other, where each of enough days before had twice as many among as many; null if it
 * is not so.
 */
function fewerWords({ looked, different }: FieldContent, usual: readonly FieldBefore[]): string | null {
  const days = usual.flatMap((day) =>
    day.looked !== undefined && day.looked <= looked ? (day.different ?? []) : [],
  );
  const fewest = Math.min(...days);
  if (days.length < FEWEST_DAYS || fewest < FEWEST_VALUES || different * 2 >= fewest) return null;
  return `${counted(different, 'different one')} among ${counted(looked, 'value')} that were looked at, before ${fewest} or more`;
}

/**
 * How many IDs are shorter than all were on each of enough days, or that all are cut to one length; null if it is not
 * so.
 */
function lengthWords({ looked, lengths }: FieldContent, usual: readonly FieldBefore[]): string | null {
  const most = mostLength(lengths);
  const days = usual.flatMap(({ length, looked: values = 0 }) =>
    length === undefined ? [] : { ...length, share: length.values / Math.max(1, values) },
  );
  const [last] = days;
  if (most === undefined || last === undefined || days.length < FEWEST_DAYS || looked < FEWEST_VALUES)
    return null;
  const wasOne = days.every(({ characters, share }) => characters === last.characters && share === 1);
  const shorter = sum(
    Object.entries(lengths).map(([characters, values]) =>
      Number(characters) < last.characters ? values : 0,
    ),
  );
  if (wasOne && shorter >= FEWEST_VALUES && shorter > looked * SHORTER)
    return `${someOf(shorter, looked, 'value')} that were looked at are shorter than ${last.characters} characters, which all before had`;
  const isCut = most.values === looked && days.every(({ share }) => share < MOST);
  return isCut
    ? `all have ${most.characters} characters, before at most ${percent(Math.max(...days.map(({ share }) => share)))}`
    : null;
}

/** The length that most values have; undefined without values. */
function mostLength(lengths: FieldContent['lengths']): KeptField['length'] {
  const [most] = Object.entries(lengths).toSorted(([, a], [, b]) => b - a);
  if (most === undefined) return undefined;
  const [characters, values] = most;
  return { characters: Number(characters), values };
}
