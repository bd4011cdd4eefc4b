import { ExactNumber } from '../base/json.ts';

/** Where a text or a number of a JSON value is. */
export interface ValuePlace {
  readonly isNumber: boolean;
  /** Whether its key names a unit, as `userID` does, or holds units by type, as `customIDs` does. */
  readonly isOfUnit: boolean;
  /** Whether it is the text of an object of IDs by type: `custom_ids` of a row. */
  readonly isIds: boolean;
}

/** Keys of a unit's ID, in lower case and without underscores. */
const UNIT_KEYS: readonly string[] = ['userid', 'stableid', 'unitid'];
/** Keys of objects with IDs by type. */
const IDS_KEYS: ReadonlySet<string> = new Set(['customids', 'unitids']);
/** Characters of a value that nothing else has by chance. */
const DISTINCT_LENGTH = 6;

/** A key as SDKs and tables write it: `userID`, `user_id`. */
function bareKey(key: string): string {
  return key.replaceAll('_', '').toLowerCase();
}

/** Names of units, for {@link hasValue}: those that every deployment has, and some types and columns. */
export function unitKeys(names: readonly string[] = []): ReadonlySet<string> {
  return new Set([...UNIT_KEYS, ...names.map(bareKey)]);
}

/**
 * Whether a value, wherever it occurs as a text, is a unit's. A short one and one of digits may be anything: an amount, a
 * version, a level.
 */
export function isDistinct(value: string): boolean {
  return value.length >= DISTINCT_LENGTH && !/^\d+$/.test(value);
}

/** Whether an equal text or number at a place is the unit's: by its key, or by itself. */
export function isUnitAt(value: string, { isNumber, isOfUnit }: Omit<ValuePlace, 'isIds'>): boolean {
  return isOfUnit || (!isNumber && isDistinct(value));
}

/**
 * Whether a text or a number anywhere in a JSON value is looked for. Not recursive: bodies may be deep.
 *
 * @param keys From {@link unitKeys}.
 */
export function hasValue(
  value: unknown,
  keys: ReadonlySet<string>,
  isWanted: (value: string, place: ValuePlace) => boolean,
): boolean {
  const open: { readonly value: unknown; readonly isOfUnit: boolean; readonly isIds: boolean }[] = [
    { value, isOfUnit: false, isIds: false },
  ];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { value: one, isOfUnit, isIds } = next;
    if (typeof one === 'string' || typeof one === 'number') {
      if (isWanted(String(one), { isNumber: typeof one === 'number', isOfUnit, isIds })) return true;
    } else if (one instanceof ExactNumber) {
      if (isWanted(one.text, { isNumber: true, isOfUnit, isIds })) return true;
    } else if (Array.isArray(one)) for (const item of one) open.push({ value: item, isOfUnit, isIds });
    else if (typeof one === 'object' && one !== null)
      for (const [key, item] of Object.entries(one)) {
        const bare = bareKey(key);
        open.push({ value: item, isOfUnit: isIds || keys.has(bare), isIds: IDS_KEYS.has(bare) });
      }
  }
  return false;
}
