import { scryptSync } from 'node:crypto';
import type { Config } from '../../schema/config.ts';
import type { unitColumns } from '../../tables/sharedColumns.ts';
import { EraseError } from '../EraseError.ts';

/** A unit whose rows are erased. */
export interface Unit {
  /** The type as SDKs name it: `userID`, `stableID`, or the type of a custom ID. */
  readonly type: string;
  /** The column of the forwarded tables that has the unit; null for a custom ID without a column. */
  readonly column: string | null;
  /** The value as the tables have it. */
  readonly value: string;
}

/** The type of each unit that has a column in every configuration. */
const OWN_TYPES = { user_id: 'userID', stable_id: 'stableID' } as const satisfies Record<
  (typeof unitColumns)[number]['name'],
  string
>;

/** The prefix of a custom ID that the configuration does not name. */
const CUSTOM = 'custom_ids.';
/** The most characters of a value. Statsig's SDKs cut IDs far below. */
const MOST_CHARACTERS = 1_000;

/**
 * Reads `<column>=<value>`. The column is that of a forwarded table, the type of a configured unit ID, or
 * `custom_ids.<type>` for any other custom ID. Other names are refused: an unknown unit would seem to have no rows.
 *
 * @throws EraseError SLUICE_ERASE_UNIT_INVALID; its detail does not have the value.
 */
export function parseUnit(text: string, { unitIds }: Pick<Config, 'unitIds'>): Unit {
  const at = text.indexOf('=');
  const name = text.slice(0, Math.max(at, 0));
  const value = text.slice(at + 1);
  const invalid = (detail: string) => new EraseError('SLUICE_ERASE_UNIT_INVALID', detail);
  if (at < 1) throw invalid('Expected <column>=<value>.');
  if (value === '') throw invalid(`${name}: it has no value.`);
  if (value.length > MOST_CHARACTERS)
    throw invalid(`${name}: got ${value.length} characters, expected at most ${MOST_CHARACTERS}.`);
  if (value !== value.trim())
    throw invalid(
      `${name}: the value has white space at its beginning or end. Remove it: no SDK's ID is known to have some.`,
    );
  if (/\p{Cc}/u.test(value) || !value.isWellFormed())
    throw invalid(`${name}: the value has a control character or half a character.`);
  for (const [column, type] of Object.entries(OWN_TYPES))
    if (name === column || name === type) return { type, column, value };
  for (const [type, column] of Object.entries(unitIds))
    if (name === column || name === type) return { type, column, value };
  const type = name.startsWith(CUSTOM) ? name.slice(CUSTOM.length) : '';
  if (type !== '') return { type, column: null, value };
  const known = [...Object.keys(OWN_TYPES), ...Object.values(unitIds)].join(', ');
  throw invalid(`${JSON.stringify(name)} is not a unit: expected ${known} or ${CUSTOM}<type>.`);
}

/** The most units of one erasure: each file is searched for all of them. */
const MOST_UNITS = 1_000;

/**
 * The units without repetitions.
 *
 * @throws EraseError SLUICE_ERASE_UNITS_TOO_MANY.
 */
export function distinctUnits(units: readonly Unit[]): readonly Unit[] {
  const distinct = new Map(units.map((unit) => [lineOf(unit), unit]));
  if (distinct.size > MOST_UNITS)
    throw new EraseError(
      'SLUICE_ERASE_UNITS_TOO_MANY',
      `Got ${distinct.size} units, expected at most ${MOST_UNITS}.`,
    );
  return [...distinct.values()];
}

/** A unit as a line of what is hashed: types count in any case. */
function lineOf({ type, value }: Unit): string {
  return JSON.stringify([type.toLowerCase(), value]);
}

/**
 * Names an erasure, the same for the same units in any order. The units cannot be read from it, and to try many of them
 * takes long: it is a slow hash, salted with the name of the bucket.
 * https://nodejs.org/api/crypto.html#cryptoscryptsyncpassword-salt-keylen-options
 */
export function erasureId(bucket: string, units: readonly Unit[]): string {
  const lines = new Set(units.map(lineOf));
  const { N, r, p } = COST;
  return scryptSync([...lines].sort().join('\n'), `sluice erase ${bucket}`, ID_BYTES, { N, r, p }).toString(
    'hex',
  );
}

/** The cost of the hash is Node's default: each try takes 16 MiB and tens of milliseconds. */
const COST = { N: 16_384, r: 8, p: 1 } as const;
/** Bytes of an ID: many more than anybody can try. */
const ID_BYTES = 16;
