import { ownMember } from '../../base/json.ts';
import type { DayContent } from '../../ledger/DayContent.ts';
import type { DayBefore } from './daysBefore.ts';

// What a field held on the days before.

/** What is kept of a field, by which later days are compared. */
export type KeptField = DayContent['fields'][string];

/** What a field held on a day before, and of how many rows. */
export type FieldBefore = KeptField & { readonly rows: number };

/**
 * What is usual of a field by a day before: what it held, or what was usual until then if the day was told of the field and
 * nobody accepted it. Null if the day says nothing.
 */
export function fieldBefore(field: string, { content, accepted }: DayBefore): FieldBefore | null {
  if (content === undefined) return null;
  const kept = ownMember(content.fields, field);
  if (kept === undefined) return null;
  const told = accepted === true ? undefined : content.unusual.find((unusual) => unusual.field === field);
  return told === undefined ? { ...kept, rows: content.rows } : (told.usual ?? null);
}

/** The share of its values from which on a field is one of numbers. */
const OF_NUMBERS = 0.95;

/** Whether values of which some are numbers are those of a field of numbers. */
export function areNumbers(numbers: number, values: number): boolean {
  return numbers >= values * OF_NUMBERS;
}

/** Whether the values of a field are IDs of units, which the ledger does not keep. @param field As the mapping has it. */
export function isUnitId(field: string): boolean {
  return field.startsWith('unitIds.') || field === 'unit ID';
}
