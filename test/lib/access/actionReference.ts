import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { projectRoot } from '../../../local/roots.ts';

/** The actions that tests ask for, as AWS's Service Authorization Reference has them. */
export const ACTIONS_FILE = join(projectRoot, 'test', 'fixtures', 'iam', 'actions.json');

const actionsSchema = z.strictObject({
  /** Version of the package that has the reference, which `npm run test:aws` installs. */
  version: z.string(),
  /** By an action's name: the ARNs that it takes, as AWS writes them; none where it takes only `*`. */
  actions: z.record(z.string(), z.array(z.string())),
});

/** IAM's reference of actions. */
export type ActionReference = z.output<typeof actionsSchema>;

/** Reads the stored reference. */
export function readActions(): ActionReference {
  return actionsSchema.parse(JSON.parse(readFileSync(ACTIONS_FILE, 'utf8')));
}

let patterns: ReadonlyMap<string, readonly RegExp[]> | undefined;

/** @throws Error for an action that IAM doesn't know, and for a resource of a kind that the action doesn't take. */
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

/** `arn:${Partition}:s3:::${BucketName}/${ObjectName}`: only an object's name has colons, no bucket's a slash. */
function patternOf(arn: string): RegExp {
  // Every other part is the name of a placeholder.
  const parts = arn.split(/\$\{(\w+)\}/).map((part, i) => {
    if (i % 2 === 0) return part.replaceAll(/[.+*?^$()|[\]{}\\]/g, '\\$&');
    if (part === 'ObjectName') return '.+';
    return part === 'BucketName' ? '[^/:]+' : '[^:]*';
  });
  return new RegExp(`^${parts.join('')}$`, 's');
}
