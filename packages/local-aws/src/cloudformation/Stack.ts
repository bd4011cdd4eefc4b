import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import type { Clock } from '../base/clock.ts';
import { diskProblem } from '../base/diskProblem.ts';
import { LocalAwsError, messageOf, StackError } from '../base/errors.ts';
import { readJsonFile, writeJsonFile } from '../disk/files.ts';
import { AwsError } from '../protocol/AwsError.ts';
import {
  type ResolvedResource,
  type ResolvedTemplate,
  resolveTemplate,
} from '../template/resolveTemplate.ts';
import type { StackIdentity } from '../template/resourceTypes.ts';
import { parseTemplate } from '../template/Template.ts';

/** Sets and deletes the resources of one type. Each method throws what the type's service answers. */
export interface ResourceHandler {
  /**
   * Whether the account has a resource of this identifier, of the stack or not. Default: it has none, because a process keeps
   * such resources in memory only.
   */
  exists?(resource: ResolvedResource): boolean;
  /** Creates the resource, or sets everything that the template says of one that exists. Its data stays. */
  put(resource: ResolvedResource): unknown;
  /** Deletes the resource and its data. Default: nothing, because a process keeps such resources in memory only. */
  delete?(resource: ResolvedResource): unknown;
}

/** A template with the folder of its code: what a deployment makes of the account. */
const versionSchema = z.strictObject({
  /** The template as it was given. */
  template: z.unknown(),
  /** Directory of the functions' code. Another directory counts as another version. */
  codeDirectory: z.string(),
});

/** One version of a stack, from which its resources are made. */
type StackVersion = Readonly<z.output<typeof versionSchema>>;

/** The stack's file. */
const deployedSchema = z.strictObject({
  name: z.string(),
  version: versionSchema,
  /** What was being applied when the process ended or failed. */
  next: versionSchema.optional(),
  /** Epoch ms. */
  createdMs: z.number(),
  updatedMs: z.number().optional(),
});

/** A stack as it is deployed. Its resources are in the order in which they were made. */
export interface Stack extends ResolvedTemplate {
  /** Name of the stack. */
  readonly name: string;
  /** Time of the first deployment, epoch ms. */
  readonly createdMs: number;
  /** Time of the last update, epoch ms; undefined before the first update. */
  readonly updatedMs?: number | undefined;
}

/** What to deploy, and where. */
interface StackOptions {
  /** Folder of the stack's file, created when missing. */
  readonly directory: string;
  /** The stack's name. */
  readonly name: string;
  /** A CloudFormation template, parsed from JSON. */
  readonly template: unknown;
  /** The folder that the paths of functions' code begin in. */
  readonly codeDirectory: string;
  /** The account and the region of the stack, and the endpoint of its queues. */
  readonly identity: Omit<StackIdentity, 'stackName'>;
  /** The clock of the stack's times. */
  readonly clock: Clock;
  /** Checks the template and prepares the account before anything is changed; what it throws refuses the deployment. */
  readonly prepare: (template: ResolvedTemplate) => unknown;
  /**
   * The handlers by the type of resource. Resources of other types have no effect by themselves, or only while the
   * cloud runs.
   */
  readonly handlers: ReadonlyMap<string, ResourceHandler>;
  /** Called when the stack was created or updated; not if nothing differs. */
  readonly onDeployed: (stack: Stack) => void;
}

/**
 * Deploys a template into an account. What is missing is created, what differs from the template that was deployed last is
 * set again with its data, both in the order of dependencies, and then what has left the stack is deleted unless it is
 * retained or, like a bucket with objects, can't be. A resource that is the same in both templates is not touched,
 * whatever was changed of it by hand. Where no stack of this name was deployed, resources that exist are taken over.
 *
 * Nothing is rolled back: after a failure, or a kill, what was set stays, and the next template is compared with both.
 *
 * @throws StackError STACK_UPDATE_FAILED; TemplateError, with nothing changed; DiskError DISK_DAMAGED
 */
export async function deployStack(options: StackOptions): Promise<Stack> {
  const { name, codeDirectory, handlers } = options;
  mkdirSync(options.directory, { recursive: true });
  const file = join(options.directory, 'stack.json');
  const stored = readJsonFile(file, deployedSchema);
  const before = stored?.name === name ? stored : undefined;
  const version: StackVersion = { template: toJson(options.template), codeDirectory };
  const resolve = ({ template }: StackVersion) =>
    resolveTemplate(parseTemplate(template), { ...options.identity, stackName: name });
  const resolved = resolve(version);
  const known = [before?.version, before?.next].flatMap((earlier) =>
    earlier === undefined ? [] : [resolve(earlier).resources],
  );
  requireDistinct(resolved);
  await doPart('', () => options.prepare(resolved));
  const differs = before === undefined || !isDeepStrictEqual(version, before.version);
  if (differs && before !== undefined) writeJsonFile(file, { ...before, next: version });
  await putResources(resolved, known, handlers);
  await deleteLeaving(resolved, known, handlers);
  if (!differs && before.next === undefined) return { ...before, ...resolved };
  const now = options.clock.now();
  const times = before === undefined ? { createdMs: now } : { createdMs: before.createdMs, updatedMs: now };
  writeJsonFile(file, { name, version, ...times });
  const stack = { name, ...times, ...resolved };
  options.onDeployed(stack);
  return stack;
}

/** Sets what is new in a template, or differs from what was applied before, in the order of dependencies. @throws StackError */
async function putResources(
  { resources }: ResolvedTemplate,
  known: Known,
  handlers: StackOptions['handlers'],
): Promise<void> {
  for (const resource of resources) {
    const handler = resource.locally === 'built' ? handlers.get(resource.type) : undefined;
    if (handler === undefined || (isUnchanged(resource, known) && handler.exists?.(resource) === true))
      continue;
    await doPart(resource.logicalId, () => handler.put(resource));
  }
}

/** Deletes what a template does not have any more, unless it is retained, or its service refuses. */
async function deleteLeaving(
  resolved: ResolvedTemplate,
  known: Known,
  handlers: StackOptions['handlers'],
): Promise<void> {
  for (const resource of leaving(resolved, known)) {
    const successor = resolved.resources.find(({ logicalId }) => logicalId === resource.logicalId);
    const policy = successor === undefined ? resource.deletionPolicy : successor.updateReplacePolicy;
    if (policy === 'Retain' || policy === 'RetainExceptOnCreate') continue;
    try {
      await handlers.get(resource.type)?.delete?.(resource);
    } catch (error) {
      // The resource is gone already, or it is not empty.
      if (!(error instanceof AwsError)) throw error;
    }
  }
}

/** What was applied before: one template, and a second if its application did not end. */
type Known = readonly (readonly ResolvedResource[])[];

/** What makes two resources the same. Tables of several databases may have the same name. */
const identityOf = ({ type, physicalId, properties }: ResolvedResource) =>
  JSON.stringify([type, physicalId, properties['DatabaseName']]);

/** Whether two resources are the same one of the account. */
const isSame = (left: ResolvedResource) => (right: ResolvedResource) =>
  identityOf(left) === identityOf(right);

/** Whether a resource is as it was applied before. */
function isUnchanged(resource: ResolvedResource, known: Known): boolean {
  return (
    known.length > 0 &&
    known.every((resources) =>
      isDeepStrictEqual(resources.find(isSame(resource))?.properties, resource.properties),
    )
  );
}

/** The resources that a template does not have any more, each before what it depends on. */
function leaving({ resources }: ResolvedTemplate, known: Known): ResolvedResource[] {
  const gone = known
    .flat()
    .filter((resource) => resource.locally === 'built' && !resources.some(isSame(resource)));
  return gone.filter((resource, index) => gone.findIndex(isSame(resource)) === index).reverse();
}

/** Checks that no two resources of a template are the same one of the account. @throws StackError */
function requireDistinct({ resources }: ResolvedTemplate): void {
  const built = resources.filter(({ locally }) => locally === 'built');
  const again = built.find((resource, index) => built.findIndex(isSame(resource)) < index);
  if (again !== undefined)
    throw new StackError(
      'STACK_UPDATE_FAILED',
      `${again.logicalId}: ${again.physicalId} is in the stack already.`,
    );
}

/**
 * Does one part of a deployment.
 *
 * @param logicalId The resource that the part is about; '' for a part that is about none.
 * @throws StackError with the sentence of the service. Errors of the local cloud and of the disk are thrown unchanged.
 */
async function doPart(logicalId: string, work: () => unknown): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (error instanceof LocalAwsError || diskProblem(error) !== undefined) throw error;
    const sentence = messageOf(error);
    const subject = logicalId === '' ? '' : `${logicalId}: `;
    const reason = `${subject}${sentence}`;
    throw new StackError('STACK_UPDATE_FAILED', reason, { cause: error });
  }
}

/** A copy as it is read back from the disk: members that are undefined are not there. */
function toJson(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value ?? null));
}
