import { ExactNumber } from '../base/json.ts';

/** Where a text or a number of a JSON value is. */
export interface ValueContext {
  readonly isNumber: boolean;
  /** Whether it is the key of a member itself. */
  readonly isKey: boolean;
  /** Whether its key names a unit, as `userID` does, or holds units by type, as `customIDs` does. */
  readonly isOfUnit: boolean;
  /** Whether it is the text of an object of IDs by type: `custom_ids` of a row. */
  readonly isIds: boolean;
  /** Whether its key says that it is the name of something else: of an SDK, a tier, an event, a gate. */
  readonly isName: boolean;
}

/** How a value was found: under the key of a unit, or elsewhere, where it may mean anything and be another's. */
export type Found = 'unit' | 'elsewhere';

/** Keys of a unit's ID, in lower case and without underscores. */
const UNIT_KEYS: readonly string[] = ['userid', 'stableid', 'unitid', 'deviceid', 'hashvalue'];
/** Keys of objects with IDs by type. */
const IDS_KEYS: ReadonlySet<string> = new Set(['customids', 'unitids']);
/** Keys whose values name no unit, without underscores: of requests as SDKs send them, and columns of rows. */
const NAME_KEYS: ReadonlySet<string> = new Set([
  'sdktype',
  'sdkversion',
  'tier',
  'environment',
  'keyenvironment',
  'eventname',
  'gate',
  'gatename',
  'config',
  'configname',
  'experimentname',
  'experimentid',
  'allocatedexperiment',
  'feature',
  'featurekey',
  'variationid',
  'variationkey',
  'experiment',
  'event',
  'sdklanguage',
  'hashattribute',
  'layer',
  'layername',
  'parametername',
  'ruleid',
  'group',
  'groupid',
  'groupname',
]);
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

/** Whether the value of a key names something that is not a unit. */
export function isNameKey(key: string): boolean {
  return NAME_KEYS.has(bareKey(key));
}

/** Whether an equal text or number at a place is the unit's: by its key, or by itself. */
export function foundAt(
  value: string,
  { isNumber, isOfUnit, isName }: Pick<ValueContext, 'isNumber' | 'isOfUnit' | 'isName'>,
): Found | null {
  if (isOfUnit) return 'unit';
  return !isNumber && !isName && isDistinct(value) ? 'elsewhere' : null;
}

/** The better one of two. */
export function better(one: Found | null, other: Found | null): Found | null {
  return one === 'unit' ? one : (other ?? one);
}

/**
 * How a text, a number or a key anywhere in a JSON value is found. Not recursive: bodies may be deep.
 *
 * @param keys From {@link unitKeys}.
 */
export function findValue(
  value: unknown,
  keys: ReadonlySet<string>,
  find: (value: string, place: ValueContext) => Found | null,
): Found | null {
  const top = { isOfUnit: false, isIds: false, isName: false };
  const open: { readonly value: unknown; readonly of: typeof top }[] = [{ value, of: top }];
  let found: Found | null = null;
  for (let next = open.pop(); next !== undefined && found !== 'unit'; next = open.pop()) {
    const { value: one, of } = next;
    if (typeof one === 'string') found = better(found, find(one, { ...of, isNumber: false, isKey: false }));
    else if (typeof one === 'number' || one instanceof ExactNumber)
      found = better(found, find(String(one), { ...of, isNumber: true, isKey: false }));
    else if (Array.isArray(one)) for (const item of one) open.push({ value: item, of });
    else if (typeof one === 'object' && one !== null)
      for (const [key, item] of Object.entries(one)) {
        const bare = bareKey(key);
        const isOfUnit = of.isIds || keys.has(bare);
        // A key may be a unit's ID itself, as in an object with a member for each person.
        found = better(found, find(key, { ...of, isNumber: false, isKey: true }));
        open.push({
          value: item,
          of: { isOfUnit, isIds: IDS_KEYS.has(bare), isName: !isOfUnit && NAME_KEYS.has(bare) },
        });
      }
  }
  return found;
}
