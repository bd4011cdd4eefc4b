import { bareName, meantPath } from './memberPaths.ts';

/** One step of a path: a key in lower case, or null for `*`, which is any key and any item. */
export type PathStep = string | null;

/** Members of an event that say what it is, and when: without them there is no row. */
const KEPT: ReadonlySet<string> = new Set(['eventname', 'time', 'secondaryexposures']);

/** Members that are objects as a whole: a hash of all of it would identify nothing. */
const OBJECTS: ReadonlySet<string> = new Set(['user', 'metadata', 'statsigmetadata']);

/** Taken out of all events at any depth, before any path is followed. */
const PRIVATE = 'privateattributes';

/** A dot between steps: one of a key is written `\.`. */
const DOT = /(?<!\\)\./;

/** A star beside other characters: alone it is any key, and one of a key is written `\*`. */
const STAR_IN_KEY = /(?<!\\)\*./s;
const STAR_AFTER_KEY = /.(?<!\\)\*/s;

/**
 * Takes a path such as `user.custom.*` apart. A dot, star or bracket that belongs to a key is written `\.`, `\*`, `\[`; a
 * backslash at the beginning of a step says that its key is meant as it is written.
 *
 * @returns The steps, or null when it is no path: empty, or with an empty step.
 */
export function parseRedactionPath(path: string): readonly PathStep[] | null {
  const steps: PathStep[] = [];
  for (const step of path.split(DOT)) {
    if (step === '') return null;
    steps.push(step === '*' ? null : keyOf(step).toLowerCase());
  }
  return steps;
}

function keyOf(step: string): string {
  return step.replace(/^\\(?![.*[\]])/, '').replaceAll(/\\([.*[\]])/g, '$1');
}

/**
 * What a rule of the configuration expects, in words, when it can't be followed or can match nothing; else null.
 *
 * @param unitIds Of the configuration: names in `user.customIDs` → column.
 */
export function redactionPathProblem(
  path: string,
  action: 'drop' | 'hash',
  unitIds: Readonly<Record<string, string>>,
): string | null {
  const steps = parseRedactionPath(path);
  const root = steps?.[0];
  if (steps === null || root === null || root === undefined) {
    return 'a path such as user.email or user.custom.*, beginning with a member of the event';
  }
  // With a backslash before it, event_name is a member that an application has added.
  if (KEPT.has(path.startsWith('\\') ? root : bareName(root)))
    return 'another member of the event: without this one there is no row';
  if (action === 'hash' && steps.length === 1 && OBJECTS.has(root)) {
    return 'drop, or a path to what is to be hashed in it';
  }
  if (steps.includes(PRIVATE))
    return 'another path: private attributes are taken out of every event as it is';
  const meant = meantPath(path, unitIds);
  if (meant !== null)
    return `${meant}: events have that there. A key that is named so is written with a \\ before it`;
  const star = path.split(DOT).find((step) => STAR_IN_KEY.test(step) || STAR_AFTER_KEY.test(step));
  return star === undefined
    ? null
    : `a * that stands alone, for any key, or \\* for a star in a key: ${JSON.stringify(star)} is no prefix`;
}
