import { nearestNames } from '../base/text.ts';
import { EVALUATION_SLOTS } from './EvaluationText.ts';

/** Members of an event that are objects, and its value. */
const ROOTS = ['user', 'value', 'metadata', 'statsigMetadata'] as const;

/** Members of a user as SDKs send them. JavaScript applications can add members of their own. */
const USER_MEMBERS = [
  'userID',
  'email',
  'ip',
  'userAgent',
  'country',
  'locale',
  'appVersion',
  'custom',
  'customIDs',
  'statsigEnvironment',
  'privateAttributes',
  'analyticsOnlyMetadata',
] as const;

/** Members of `statsigMetadata`: of browsers, servers and phones (StatsigMetadata.kt, DeviceEnvironment.swift). */
const SENDER_MEMBERS = [
  'stableID',
  'sessionID',
  'sdkType',
  'sdkVersion',
  'currentPage',
  'fallbackUrl',
  'appIdentifier',
  'appVersion',
  'deviceManufacturer',
  'deviceModel',
  'deviceOS',
  'language',
  'languageVersion',
  'locale',
  'systemName',
  'systemVersion',
] as const;

/** Other names for members: columns of the tables and other spellings, in lower case and without `_`. */
const OTHER_NAMES: ReadonlyMap<string, string> = new Map([
  ['eventvalue', 'value'],
  ['userobject', 'user'],
  ['userdimensions', 'user'],
  ['customid', 'user.customIDs'],
  ['companymetadata', 'metadata'],
  ['eventmetadata', 'metadata'],
  ['id', 'user.userID'],
  ['mail', 'user.email'],
  ['emailaddress', 'user.email'],
  ['ipaddress', 'user.ip'],
  ['tier', 'user.statsigEnvironment.tier'],
  ['environment', 'user.statsigEnvironment.tier'],
]);

/** A dot between steps. A dot in a key is written `\.`. */
const DOT = /(?<!\\)\./;

/** A path whose steps are separated by slashes or arrows. */
const POINTER = new RegExp(`^(?:/\\w|(?:${ROOTS.join('|')})(?:/|->))`, 'i');

/** The unit IDs of a configuration: name in `user.customIDs` → column. */
type UnitIds = Readonly<Record<string, string>>;

/**
 * Suggests a path for one that cannot match any member of an event, or probably not the intended one: `email` instead of
 * `user.email`, `user_id` of `user.userID`, `user.companyID` of `user.customIDs.companyID`, `$.user.ip`, `user/ip`,
 * `events[0].user.ip`.
 *
 * @param path Steps separated by dots, `*` for any.
 * @param unitIds Names of custom IDs.
 * @param isSameCase Whether the path is case-sensitive. Default false.
 * @returns null when the path is right, or may be: applications can name members freely.
 */
export function suggestPath(path: string, unitIds: UnitIds, isSameCase = false): string | null {
  const plain = normalizePath(path);
  const steps = plain.split(DOT);
  const names = pathsByName(unitIds);
  const meant = suggestSteps(steps, names);
  // `custom_ids.company_id`: the second step can be resolved after the first.
  if (meant !== null) return (suggestSteps(meant, names) ?? meant).join('.');
  const cased = isSameCase ? withKnownCase(steps) : steps;
  const result = cased.join('.');
  return result === path ? null : result;
}

/**
 * The path of a known member that a mistyped one is one or two letters away from: `user.email` for `user.emial` and `emial`.
 * A name after a backslash is meant as it is.
 *
 * @param path That {@link suggestPath} finds nothing for.
 */
export function nearPath(path: string, unitIds: UnitIds): string | null {
  const [first = '', second, ...rest] = path.split(DOT);
  const root = ROOTS.find((name) => name.toLowerCase() === first.toLowerCase());
  const inUser = second?.toLowerCase() === 'customids' ? rest[0] : undefined;
  if (root === 'user' && inUser !== undefined) {
    const unitId = nearMember(inUser, Object.keys(unitIds));
    return unitId === null ? null : ['user', 'customIDs', unitId, ...rest.slice(1)].join('.');
  }
  if (root === 'user' || root === 'statsigMetadata') {
    // Senders have more members than are known here, such as osVersion.
    const member =
      root === 'user' ? nearMember(second ?? '', USER_MEMBERS) : nearMember(second ?? '', SENDER_MEMBERS, 1);
    return member === null ? null : [root, member, ...rest].join('.');
  }
  if (root !== undefined) return null;
  const tail = path.split(DOT).slice(1);
  const near = nearMember(first, ROOTS);
  if (near !== null) return [near, ...tail].join('.');
  const member = nearMember(first, USER_MEMBERS);
  return member === null ? null : ['user', member, ...tail].join('.');
}

/** Letters in which a mistyped name differs. */
const MOST_DIFFERENT = 2;

function nearMember(name: string, members: readonly string[], most = MOST_DIFFERENT): string | null {
  if (name.includes('\\') || name.length <= MOST_DIFFERENT) return null;
  if (members.some((member) => member.toLowerCase() === name.toLowerCase())) return null;
  // Not a name of which it is the beginning only.
  const isClose = (member: string) => Math.abs(member.length - name.length) <= most;
  const [near] = nearestNames(name, members.filter(isClose), most);
  return near ?? null;
}

/** Rewrites JSONPath, JSON pointers, arrows and white space to the notation of this project. */
function normalizePath(path: string): string {
  const dotted = POINTER.test(path) ? path.replaceAll(/^\/|\/$/g, '').replaceAll(/\/|->/g, '.') : path;
  return dotted
    .replaceAll(
      /\.?(?<!\\)\[(?:'([^']*)'|"([^"]*)"|([\w*-]+)?)\]/g,
      (_all, one = '', two = '', index = '*') => `.${one || two || index}`,
    )
    .replace(/^\$\./, '')
    .split(DOT)
    .map((step) => step.trim())
    .join('.');
}

/** The probably intended steps; null when the given steps may be right. */
function suggestSteps(steps: readonly string[], names: Names): readonly string[] | null {
  const [first = '', ...rest] = steps;
  const root = ROOTS.find((name) => name.toLowerCase() === first.toLowerCase());
  if (root === 'user') return suggestInUser(rest, names);
  if (root === 'statsigMetadata') return suggestInSender(rest);
  if (root !== undefined || first === '*' || first.startsWith('\\')) return null;
  // `event.user.email`, `events.*.user.email`.
  const inner = rest.findIndex((step) => ROOTS.some((name) => name.toLowerCase() === step.toLowerCase()));
  if (inner === 0 || (inner === 1 && /^(\*|\d+)$/.test(rest[0] ?? ''))) {
    const tail = rest.slice(inner);
    return suggestSteps(tail, names) ?? tail;
  }
  const known = names.get(normalizeName(first));
  if (known !== undefined) return [...known.split(DOT), ...rest];
  if (/^events?$/i.test(first) && rest.length > 0) return suggestSteps(rest, names) ?? rest;
  const [near] = rest.length === 0 ? [] : nearestNames(first, ROOTS);
  return near === undefined ? null : [near, ...rest];
}

function suggestInUser(steps: readonly string[], names: Names): readonly string[] | null {
  const [first, ...rest] = steps;
  if (first === undefined) return null;
  if (first.toLowerCase() === 'customids') return suggestUnitId(rest, names);
  if (USER_MEMBERS.some((name) => name.toLowerCase() === first.toLowerCase())) return null;
  const known = names.get(normalizeName(first));
  if (known === undefined) return null;
  // `user.user.email` and `user.statsigMetadata.…`, too.
  return [...known.split(DOT), ...rest];
}

/** The unit ID that has this name as its column, or in another spelling. */
function suggestUnitId([first = '', ...rest]: readonly string[], names: Names): readonly string[] | null {
  const [, root, unitId] = names.get(normalizeName(first))?.split(DOT) ?? [];
  if (root !== 'customIDs' || unitId === undefined) return null;
  return unitId.toLowerCase() === first.toLowerCase() ? null : ['user', root, unitId, ...rest];
}

function suggestInSender(steps: readonly string[]): readonly string[] | null {
  const [first, ...rest] = steps;
  if (first === undefined) return null;
  // The column shows undocumented members under `event`.
  if (/^event_*$/.test(first) && rest.length > 0) return rest;
  const isSame = (name: string) => name.toLowerCase() === first.toLowerCase();
  if (SENDER_MEMBERS.some(isSame)) return null;
  const sender = SENDER_MEMBERS.find((name) => normalizeName(name) === normalizeName(first));
  if (sender !== undefined) return ['statsigMetadata', sender, ...rest];
  const user = USER_MEMBERS.find((name) => normalizeName(name) === normalizeName(first));
  return user === undefined ? null : ['user', user, ...rest];
}

/** The steps with documented members in the case that SDKs write. */
function withKnownCase(steps: readonly string[]): readonly string[] {
  const [first = '', second, ...rest] = steps;
  const root = ROOTS.find((name) => name.toLowerCase() === first.toLowerCase()) ?? first;
  const members: readonly string[] =
    root === 'user' ? USER_MEMBERS : root === 'statsigMetadata' ? SENDER_MEMBERS : [];
  const member = members.find((name) => name.toLowerCase() === second?.toLowerCase()) ?? second;
  return member === undefined ? [root] : [root, member, ...rest];
}

/** Paths by other names of their members. */
type Names = ReadonlyMap<string, string>;

function pathsByName(unitIds: UnitIds): Names {
  const names = new Map<string, string>();
  const add = (name: string, path: string) => {
    if (!names.has(normalizeName(name))) names.set(normalizeName(name), path);
  };
  for (const root of ROOTS) add(root, root);
  for (const member of USER_MEMBERS) add(member, `user.${member}`);
  add('stableID', 'user.customIDs.stableID');
  for (const [unitId, column] of Object.entries(unitIds)) {
    const path = `user.customIDs.${unitId.replaceAll('.', '\\.')}`;
    add(unitId, path);
    add(column, path);
  }
  for (const member of SENDER_MEMBERS) add(member, `statsigMetadata.${member}`);
  for (const member of EVALUATION_SLOTS.keys()) if (member !== 'time') add(member, `metadata.${member}`);
  for (const [name, path] of OTHER_NAMES) add(name, path);
  for (const member of USER_MEMBERS) add(`user${member}`, `user.${member}`);
  return names;
}

/** A name's form for comparison: equal for `user_id`, `userId` and `userID`. */
export function normalizeName(name: string): string {
  return name.replaceAll('\\.', '.').replaceAll(/[_-]/g, '').toLowerCase();
}
