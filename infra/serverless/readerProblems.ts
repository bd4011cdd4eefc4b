import { iamArn, roleNamePattern } from '../../lib/access/arns.ts';
import { shellCommand } from '../../lib/base/text.ts';
import type { ConfigProblem } from '../../lib/schema/ConfigProblem.ts';
import type { Config } from '../../lib/schema/config.ts';
import { isRole, namedIdentity } from '../../lib/schema/readers.ts';
import { identityId, readerId } from '../readers/readers.ts';
import { matchesAny } from '../template/policyMatch.ts';
import type { DeployedStack } from './deployedStack.ts';

/** What of a reader does not fit the stack. */
export interface ReaderProblem {
  /** What is so, in one sentence without its stop. */
  readonly fact: string;
  /** All of it, with what follows from it. */
  readonly text: string;
}

/** The name of a reader that something else of the stack has. */
export interface HeldName extends ConfigProblem {
  /** What is so, in one sentence without its stop. */
  readonly fact: string;
}

/**
 * Readers whose role or user a deployment replaces, and what to enter anew.
 *
 * @param target Options of `sluice` that name the deployment.
 */
export function replacedReaders(
  { readers }: Pick<Config, 'readers'>,
  stack: Omit<DeployedStack, 'outputs'>,
  target: readonly string[],
): readonly ReaderProblem[] {
  return readers.flatMap((reader) => {
    const [present] = (['Role', 'User'] as const).flatMap((principalKind) => {
      const name = stack.resources.get(readerId(reader, principalKind));
      return name === undefined ? [] : [`${principalKind.toLowerCase()}/${name}`];
    });
    if (present === undefined) return [];
    const kind = isRole(reader) ? 'role' : 'user';
    const made = `${kind}/${roleNamePattern(stack.stackName, identityId(reader))}`;
    const named = namedIdentity(reader);
    if (named === undefined ? matchesAny(made, present) : named === present) return [];
    const entered = kind === 'role' ? 'this ARN' : 'its access keys';
    const connect = shellCommand([
      'npx',
      'sluice',
      'connect',
      reader.kind,
      '--reader',
      reader.name,
      ...target,
    ]);
    const fact = `The ${kind} of the reader ${reader.name} is made anew, and ${present} removed`;
    const text = `${fact}. The new ARN is ${iamArn(stack, named ?? made)}. Then enter ${entered} in the form of ${reader.kind}: \`${connect}\`. Owners of other buckets and keys apply the printed policies again.`;
    return [{ fact, text }];
  });
}

/**
 * Names of readers that another role or user of the stack has, or the same one in other letters.
 * CloudFormation makes the new one before it removes the present one, and IAM does not tell names by case.
 * https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateUser.html
 */
export function heldNames(
  { readers }: Pick<Config, 'readers'>,
  { stackName, resources }: Pick<DeployedStack, 'stackName' | 'resources'>,
): readonly HeldName[] {
  return readers.flatMap((reader, i) => {
    const { iamName } = reader;
    const kind = isRole(reader) ? 'Role' : 'User';
    const [held] = [...resources].filter(
      ([resourceId, resourceName]) =>
        resourceId.endsWith(kind) &&
        resourceName.toLowerCase() === iamName?.toLowerCase() &&
        (resourceId !== identityId(reader) || resourceName !== iamName),
    );
    if (held === undefined) return [];
    const [id, name] = held;
    const fact = `The name ${iamName} of the reader ${reader.name} is taken by ${id} of the stack ${stackName}, named ${name}`;
    const text = `got "${iamName}", expected another name, for one deployment at least: ${id} of the stack ${stackName} is named ${name}, and it is removed only once the new ${kind.toLowerCase()} exists.`;
    return [{ fact, field: `readers.${i}.iamName`, text }];
  });
}
