/** Members of an event whose own members a path may name. */
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
  'analyticsOnlyMetadata',
] as const;

/** A dot between steps. A dot in a key is written `\.`. */
export const DOT = /(?<!\\)\./;

/** How a member that no SDK sends is written, so that a mistyped member is not taken for it. */
const OWN = 'A member that your application adds is written with a \\ before it';

/**
 * What a path should have been, if it begins with no member of an event, or names no member of a user, as SDKs send them:
 * `email` instead of `user.email`, `user.emial`, `$.user.ip`, `user/ip`, `events[0].user.ip`.
 *
 * @param path Steps separated by dots, `*` for any, in any case. A step that begins with a backslash is taken as it is.
 * @param unitIds Of the configuration: names in `user.customIDs` → column.
 */
export function memberPathProblem(path: string, unitIds: Readonly<Record<string, string>>): string | null {
  const [root = '', member = '*', id = '*'] = path.split(DOT);
  if (!isKnown(root, ROOTS)) return `a path that begins with ${ROOTS.join(', ')}. ${OWN}`;
  if (root.toLowerCase() !== 'user') return null;
  if (!isKnown(member, USER_MEMBERS)) return `a member of a user: ${USER_MEMBERS.join(', ')}. ${OWN}`;
  if (member.toLowerCase() !== 'customids' || isKnown(id, Object.keys(unitIds))) return null;
  const named = Object.entries(unitIds).find(([, column]) => column === id.toLowerCase());
  return named === undefined ? null : `user.customIDs.${named[0]}, whose column ${id} is`;
}

/** Whether a step is a name of the product's, or is meant to be none. */
function isKnown(step: string, names: readonly string[]): boolean {
  const isMeant = step === '*' || step.startsWith('\\');
  return isMeant || names.some((name) => name.toLowerCase() === step.toLowerCase());
}
