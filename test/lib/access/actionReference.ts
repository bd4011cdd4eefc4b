import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { projectRoot } from '../../../local/roots.ts';

/** Path of the file with the actions that tests ask for, as AWS's Service Authorization Reference has them. */
export const ACTIONS_FILE = join(projectRoot, 'test', 'fixtures', 'iam', 'actions.json');

const actionsSchema = z.strictObject({
  /** Version of the package that has the reference, which `npm run test:aws` installs. */
  version: z.string(),
  /** By an action's name: the ARNs that it takes, as AWS writes them; none where it takes only `*`. */
  actions: z.record(z.string(), z.array(z.string())),
});

/** The part of the Service Authorization Reference that {@link ACTIONS_FILE} has. */
export type ActionReference = z.output<typeof actionsSchema>;

/** Reads {@link ACTIONS_FILE}. */
export function readActions(): ActionReference {
  return actionsSchema.parse(JSON.parse(readFileSync(ACTIONS_FILE, 'utf8')));
}

/** What each action may be called for, by its name in lower case; undefined before the first question. */
let patterns: ReadonlyMap<string, readonly RegExp[]> | undefined;

/**
 * Requires that the reference has an action, and that the action takes resources of this kind.
 *
 * @throws Error for an action that {@link ACTIONS_FILE} doesn't have, and for a resource that is like none of the action's ARNs.
 */
export function requireKnownCall(action: string, resource: string): void {
  patterns ??= new Map(
    Object.entries(readActions().actions).map(([name, arns]) => [name.toLowerCase(), arns.map(patternOf)]),
  );
  const known = patterns.get(action.toLowerCase());
  if (known === undefined)
    throw new Error(
      `${action} is not in test/fixtures/iam: \`npm run test:aws -- --update-actions\` adds it if IAM knows it.`,
    );
  const fits = known.length === 0 ? resource === '*' : known.some((pattern) => pattern.test(resource));
  if (!fits) throw new Error(`${action} does not take ${resource}.`);
}

/** Placeholders of names that may have slashes. */
const NAMES_WITH_SLASHES = /^(\w+WithPath|AlarmName|CatalogName|LogGroupName|SecretId)$/;

/**
 * Matches what an ARN of the reference stands for, as `arn:${Partition}:s3:::${BucketName}/${ObjectName}`. Only the name of
 * an object may have colons. Few other names may have slashes.
 */
function patternOf(arn: string): RegExp {
  // Every other part is the name of a placeholder.
  const parts = arn.split(/\$\{(\w+)\}/).map((part, i) => {
    if (i % 2 === 0) return part.replaceAll(/[.+*?^$()|[\]{}\\]/g, '\\$&');
    if (part === 'ObjectName') return '.+';
    return NAMES_WITH_SLASHES.test(part) ? '[^:]+' : '[^/:]+';
  });
  return new RegExp(`^${parts.join('')}$`, 's');
}
