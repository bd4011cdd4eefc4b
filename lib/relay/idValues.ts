import { ExactNumber } from '../base/json.ts';

/** The place of a text or a number in a JSON value. */
export interface ValueContext {
  /** Whether the value is a number. */
  readonly isNumber: boolean;
  /** Whether the text is itself the key of a member. */
  readonly isKey: boolean;
  /** Whether the key of the value names a unit, as `userID` does, or holds units by type, as `customIDs` does. */
  readonly isOfUnit: boolean;
  /** Whether the value is the text of an object of IDs by type: `custom_ids` of a row. */
  readonly isIds: boolean;
  /** Whether the key of the value says that it is the name of something else: of an SDK, a tier, an event, a gate. */
  readonly isName: boolean;
}

/** How a value was found: under the key of a unit, or elsewhere, where it may mean anything and be somebody else's. */
export type Found = 'unit' | 'elsewhere';

/** Keys of a unit's ID, in lower case and without underscores. */
const UNIT_KEYS: readonly string[] = ['userid', 'stableid', 'unitid', 'deviceid', 'hashvalue'];
/** Keys of objects with IDs by type. */
const IDS_KEYS: ReadonlySet<string> = new Set(['customids', 'unitids']);
/**
 * Keys whose values name no unit, without underscores. They are of requests as SDKs send them, and of columns of rows.
 */
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
/** Shortest length of a value that is unlikely to be equal to something else by chance. */
const DISTINCT_LENGTH = 6;

/** A key in one form, whether SDKs or tables wrote it: `userID`, `user_id`. */
function bareKey(key: string): string {
  return key.replaceAll('_', '').toLowerCase();
}

/** Keys of units, for {@link searchJson}: those that every deployment has, and the given types and columns. */
export function unitKeys(names: readonly string[] = []): ReadonlySet<string> {
  return new Set([...UNIT_KEYS, ...names.map(bareKey)]);
}

/**
 * Whether a value is unlikely to mean anything but a unit, wherever it occurs as a text. A short value, or one of digits,
 * may be anything: an amount, a version, a level.
 */
export function isDistinct(value: string): boolean {
  return value.length >= DISTINCT_LENGTH && !/^\d+$/.test(value);
}

/** Whether the value of a key names something that is not a unit. */
export function isNameKey(key: string): boolean {
  return NAME_KEYS.has(bareKey(key));
}

/** How an equal text or number at a place is the unit's: by its key, or by itself; null if it is not. */
export function foundAt(
  value: string,
  { isNumber, isOfUnit, isName }: Pick<ValueContext, 'isNumber' | 'isOfUnit' | 'isName'>,
): Found | null {
  if (isOfUnit) return 'unit';
  return !isNumber && !isName && isDistinct(value) ? 'elsewhere' : null;
}

/**
 * Asks about each text, number and key anywhere in a JSON value until one is found under the key of a unit. It does not
 * use recursion, as bodies may be deep.
 *
 * @param keys From {@link unitKeys}.
 * @param find Says how one text, number or key is found, by its place.
 * @param root Whether the value as a whole is an object of IDs by type.
 * @returns `unit` if one is found under the key of a unit, else `elsewhere` if one is found; null if none is.
 */
export function searchJson(
  value: unknown,
  keys: ReadonlySet<string>,
  find: (value: string, place: ValueContext) => Found | null,
  root: Pick<ValueContext, 'isIds'> = { isIds: false },
): Found | null {
  const top = { isOfUnit: false, isIds: root.isIds, isName: false };
  const open: { readonly value: unknown; readonly place: typeof top }[] = [{ value, place: top }];
  let found: Found | null = null;
  for (let next = open.pop(); next !== undefined && found !== 'unit'; next = open.pop()) {
    const { value: node, place } = next;
    if (typeof node === 'string') found = find(node, { ...place, isNumber: false, isKey: false }) ?? found;
    else if (typeof node === 'number' || node instanceof ExactNumber)
      found = find(String(node), { ...place, isNumber: true, isKey: false }) ?? found;
    else if (Array.isArray(node)) for (const item of node) open.push({ value: item, place });
    else if (typeof node === 'object' && node !== null)
      for (const [key, item] of Object.entries(node)) {
        const bare = bareKey(key);
        const isOfUnit = place.isIds || keys.has(bare);
        // A key may be a unit's ID itself, as in an object with a member for each person.
        if (found !== 'unit') found = find(key, { ...place, isNumber: false, isKey: true }) ?? found;
        open.push({
          value: item,
          place: { isOfUnit, isIds: IDS_KEYS.has(bare), isName: !isOfUnit && NAME_KEYS.has(bare) },
        });
      }
  }
  return found;
}
