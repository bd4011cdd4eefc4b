/** One step of a path: a key in lower case, or null for `*`, which is any key and any item. */
export type PathStep = string | null;

/** Members of an event that say what it is, and when: without them there is no row. */
const KEPT: ReadonlySet<string> = new Set(['eventname', 'time', 'secondaryexposures']);

/** Members that are objects as a whole: a hash of all of it would identify nothing. */
const OBJECTS: ReadonlySet<string> = new Set(['user', 'metadata', 'statsigmetadata']);

/**
 * Takes a path such as `user.custom.*` apart. A dot or star that belongs to a key is written `\.`, `\*`.
 *
 * @returns The steps, or null when it is no path: empty, or with an empty step.
 */
export function parseRedactionPath(path: string): readonly PathStep[] | null {
  const steps: PathStep[] = [];
  for (const step of path.split(/(?<!\\)\./)) {
    if (step === '') return null;
    steps.push(step === '*' ? null : step.replaceAll(/\\([.*])/g, '$1').toLowerCase());
  }
  return steps;
}

/** What a rule of the configuration expects, in words, when it can't be followed; else null. */
export function redactionPathProblem(path: string, action: 'drop' | 'hash'): string | null {
  const steps = parseRedactionPath(path);
  const root = steps?.[0];
  if (steps === null || root === null || root === undefined) {
    return 'a path such as user.email or user.custom.*, beginning with a member of the event';
  }
  if (KEPT.has(root)) return 'another member of the event: without this one there is no row';
  if (action === 'hash' && steps.length === 1 && OBJECTS.has(root)) {
    return 'drop, or a path to what is to be hashed in it';
  }
  return null;
}
