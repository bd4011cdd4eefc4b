import { isDeepStrictEqual } from 'node:util';
import type { Clock } from '../base/clock.ts';
import { diskProblem } from '../base/diskProblem.ts';
import { LocalAwsError, StackError } from '../base/errors.ts';
import {
  type ResolvedResource,
  type ResolvedTemplate,
  resolveTemplate,
} from '../template/resolveTemplate.ts';
import { type StackIdentity, stackId } from '../template/resourceTypes.ts';
import { parseTemplate } from '../template/Template.ts';
import type { DeployedVersion, StackFile, StackVersion } from './StackFile.ts';

/** Sets and deletes the resources of one type. Each method throws what the type's service answers. */
export interface ResourceHandler {
  /** Whether the account has a resource of this identifier, of the stack or not. */
  exists(resource: ResolvedResource): boolean;
  /** Whether something of it is left on disk. Default: whether it exists. */
  remains?(resource: ResolvedResource): boolean;
  /** Creates the resource, or sets everything that the template says of one that exists. */
  put(resource: ResolvedResource): unknown;
  delete(resource: ResolvedResource): unknown;
}

/** The local cloud as a stack sees it: handlers of resources, and what follows a template. */
export interface StackTarget {
  /** Undefined for a type that has no effect by itself. */
  handler(type: string): ResourceHandler | undefined;
  /** Called before resources are set: roles and policies are those of the template from now on. */
  prepared(template: ResolvedTemplate): unknown;
  /** Called when the resources are those of the template. */
  settled(template: ResolvedTemplate): unknown;
}

/** A version of a stack to deploy. */
export interface StackInput {
  readonly name: string;
  /** A CloudFormation template, parsed from JSON. */
  readonly template: unknown;
  readonly codeDirectory: string;
  /** Checks the template and prepares the account before anything is changed; what it throws refuses the update. */
  readonly prepare: (template: ResolvedTemplate) => unknown;
}

/** One change of an update. Actions have CloudFormation's names, as in a change set. */
export interface StackChange {
  readonly action: 'Add' | 'Modify' | 'Remove';
  readonly logicalId: string;
  readonly type: string;
  readonly physicalId: string;
}

/** A resource that has left the stack and still exists. */
export interface LeftResource {
  readonly logicalId: string;
  readonly type: string;
  readonly physicalId: string;
  /** The sentence of its service when it could not be deleted; undefined when its policy keeps it. */
  readonly reason: string | undefined;
}

/** Result of an update. */
export interface StackUpdate {
  /** In the order in which they were made; empty when nothing differs. */
  readonly changes: readonly StackChange[];
  readonly left: readonly LeftResource[];
}

/** https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/view-stack-events.html */
export type StackStatus = 'CREATE_COMPLETE' | 'UPDATE_IN_PROGRESS' | 'UPDATE_COMPLETE' | 'UPDATE_FAILED';

/** A change of the stack's status. */
export interface StatusChange {
  readonly stackId: string;
  readonly status: StackStatus;
  /** Empty if there is no reason. */
  readonly reason: string;
  /** Epoch ms. */
  readonly atMs: number;
}

/** How a resource is listed. */
export interface ResourceState {
  readonly resource: ResolvedResource;
  /** When the stack was created or last updated, epoch ms. */
  readonly atMs: number;
}

/**
 * The stack of a local cloud. To apply a template means: what differs from the template that was applied last is set, in
 * the order of dependencies, and then what has left the stack is deleted unless it is retained. A resource that is the same
 * in both is not touched, whatever was changed of it by hand, but for one that is gone, which is made again.
 *
 * Nothing is rolled back: after a failure, or a kill, what was set stays, and the next template is compared with both.
 */
export class Stack {
  readonly #file: StackFile;
  readonly #clock: Clock;
  readonly #identity: Omit<StackIdentity, 'stackName'>;
  readonly #target: StackTarget;
  readonly #onStatus: (change: StatusChange) => void;
  #resolved: ResolvedTemplate = { resources: [], outputs: {} };
  #status: StackStatus | undefined;
  #reason: string | undefined;
  #running: Promise<unknown> = Promise.resolve();

  constructor(options: {
    readonly file: StackFile;
    readonly clock: Clock;
    readonly identity: Omit<StackIdentity, 'stackName'>;
    readonly target: StackTarget;
    /** Called at each change of the stack's status. Default: does nothing. */
    readonly onStatus?: (change: StatusChange) => void;
  }) {
    this.#file = options.file;
    this.#clock = options.clock;
    this.#identity = options.identity;
    this.#target = options.target;
    this.#onStatus = options.onStatus ?? (() => undefined);
  }

  get name(): string {
    return this.#file.deployed?.name ?? '';
  }

  get id(): string {
    return stackId(this.#identity, this.name);
  }

  /** The template as deployed. */
  get resolved(): ResolvedTemplate {
    return this.#resolved;
  }

  /** The template as it was given. */
  get template(): unknown {
    return this.#file.deployed?.version.template;
  }

  get status(): StackStatus {
    return this.#status ?? (this.times.updatedMs === undefined ? 'CREATE_COMPLETE' : 'UPDATE_COMPLETE');
  }

  /** Why the last update failed. */
  get reason(): string | undefined {
    return this.#reason;
  }

  /** When it was created and last updated, epoch ms. */
  get times(): { readonly createdMs: number; readonly updatedMs: number | undefined } {
    const { createdMs = 0, updatedMs } = this.#file.deployed ?? {};
    return { createdMs, updatedMs };
  }

  /** The resources in the order in which they were made. */
  states(): ResourceState[] {
    const { createdMs, updatedMs = createdMs } = this.times;
    return this.#resolved.resources.map((resource) => ({ resource, atMs: updatedMs }));
  }

  /**
   * Applies a template, once the one before is applied. Where no stack of this name was deployed, resources that exist
   * already are taken over.
   *
   * @throws StackError STACK_UPDATE_FAILED; TemplateError, with nothing changed.
   */
  async apply(input: StackInput): Promise<StackUpdate> {
    const applied = this.#running.then(() => this.#apply(input));
    this.#running = applied.catch(() => undefined);
    return applied;
  }

  /** Resolves when no update is running. */
  async idle(): Promise<void> {
    await this.#running;
  }

  async #apply(input: StackInput): Promise<StackUpdate> {
    const { name, codeDirectory } = input;
    const stored = this.#file.deployed;
    const before = stored?.name === name ? stored : undefined;
    const version = { template: toJson(input.template), codeDirectory };
    const resolved = this.#resolve(version, name);
    const known = [before?.version, before?.next].flatMap((one) =>
      one === undefined ? [] : [this.#resolve(one, name).resources],
    );
    requireDistinct(resolved);
    await orFail('', () => input.prepare(resolved));
    const differs = before === undefined || !isDeepStrictEqual(version, before.version);
    if (differs && before !== undefined) {
      this.#file.write({ ...before, next: version });
      this.#tell('UPDATE_IN_PROGRESS');
    }
    // Before resources are made: a stream may continue with records of an earlier process.
    await this.#target.prepared(resolved);
    const changes: StackChange[] = [];
    for (const resource of resolved.resources) {
      const change = changeOf(resource, known);
      const handler = this.#handler(resource);
      if (change === undefined && handler?.exists(resource) !== false) continue;
      await orFail(resource.logicalId, () => handler?.put(resource)).catch((error: unknown) => {
        if (before !== undefined)
          this.#tell('UPDATE_FAILED', error instanceof LocalAwsError ? error.detail : sentence(error));
        throw error;
      });
      if (change !== undefined) changes.push(change);
    }
    this.#resolved = resolved;
    await this.#target.settled(resolved);
    const left: LeftResource[] = [];
    for (const resource of leaving(resolved, known)) {
      const { logicalId, type, physicalId } = resource;
      const successor = resolved.resources.find((one) => one.logicalId === logicalId);
      const policy = successor === undefined ? resource.deletionPolicy : successor.updateReplacePolicy;
      const kept = policy === 'Retain' || policy === 'RetainExceptOnCreate';
      const reason = kept ? undefined : await this.#delete(resource);
      changes.push({ action: 'Remove', logicalId, type, physicalId });
      if (kept || reason !== undefined) left.push({ logicalId, type, physicalId, reason });
    }
    if (differs || before?.next !== undefined) this.#deployed(name, version, before);
    return { changes: before === undefined ? [] : changes, left };
  }

  #deployed(name: string, version: StackVersion, before: DeployedVersion | undefined): void {
    const now = this.#clock.now();
    this.#file.write({
      name,
      version,
      createdMs: before?.createdMs ?? now,
      ...(before === undefined ? {} : { updatedMs: now }),
    });
    this.#tell(before === undefined ? 'CREATE_COMPLETE' : 'UPDATE_COMPLETE');
  }

  /** @returns Why it could not be deleted. */
  async #delete(resource: ResolvedResource): Promise<string | undefined> {
    const handler = this.#handler(resource);
    const remains = handler?.remains ?? handler?.exists;
    try {
      if (remains?.(resource) === true) await handler?.delete(resource);
    } catch (error) {
      return sentence(error);
    }
    return undefined;
  }

  #handler({ type, locally }: ResolvedResource): ResourceHandler | undefined {
    return locally === 'built' ? this.#target.handler(type) : undefined;
  }

  #resolve({ template, codeDirectory }: StackVersion, stackName: string): ResolvedTemplate {
    const resolved = resolveTemplate(parseTemplate(template), { ...this.#identity, stackName });
    return { ...resolved, resources: resolved.resources.map((one) => withCode(one, codeDirectory)) };
  }

  #tell(status: StackStatus, reason?: string): void {
    this.#status = status;
    this.#reason = reason;
    this.#onStatus({ stackId: this.id, status, reason: reason ?? '', atMs: this.#clock.now() });
  }
}

/** The member of a function's `Code` that the local cloud adds. */
export const CODE_DIRECTORY = 'LocalDirectory';

/** Adds the local directory of the code to a function's properties. A new directory counts as new code. */
function withCode(resource: ResolvedResource, codeDirectory: string): ResolvedResource {
  if (resource.type !== 'AWS::Lambda::Function') return resource;
  const { Code, ...properties } = resource.properties;
  const given = typeof Code === 'object' && Code !== null ? Code : {};
  return { ...resource, properties: { ...properties, Code: { ...given, [CODE_DIRECTORY]: codeDirectory } } };
}

/** What was applied before: one template, and a second if its application did not end. */
type Known = readonly (readonly ResolvedResource[])[];

/** Tables of several databases may have the same name. */
const identityOf = ({ type, physicalId, properties }: ResolvedResource) =>
  JSON.stringify([type, physicalId, properties['DatabaseName']]);

const isSame = (one: ResolvedResource) => (other: ResolvedResource) => identityOf(one) === identityOf(other);

/** How a resource differs from what was applied before; undefined when it does not. */
function changeOf(resource: ResolvedResource, known: Known): StackChange | undefined {
  const { logicalId, type, physicalId, properties } = resource;
  const before = known.map((resources) => resources.find(isSame(resource)));
  if (before.length > 0 && before.every((one) => isDeepStrictEqual(one?.properties, properties)))
    return undefined;
  const action = before.some((one) => one !== undefined) ? 'Modify' : 'Add';
  return { action, logicalId, type, physicalId };
}

/** The resources that a template does not have any more, each before what it depends on. */
function leaving({ resources }: ResolvedTemplate, known: Known): ResolvedResource[] {
  const gone = known.flat().filter((one) => !resources.some(isSame(one)));
  return gone.filter((one, index) => gone.findIndex(isSame(one)) === index).reverse();
}

/** @throws StackError when two resources of a template are the same one. */
function requireDistinct({ resources }: ResolvedTemplate): void {
  const built = resources.filter(({ locally }) => locally === 'built');
  const again = built.find((one, index) => built.findIndex(isSame(one)) < index);
  if (again !== undefined)
    throw new StackError(
      'STACK_UPDATE_FAILED',
      `${again.logicalId}: ${again.physicalId} is in the stack already.`,
    );
}

/** Does a part of an update. @throws StackError with the sentence of the service; errors of the local cloud as they are. */
async function orFail(logicalId: string, work: () => unknown): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (error instanceof LocalAwsError || diskProblem(error) !== undefined) throw error;
    const reason = `${logicalId === '' ? '' : `${logicalId}: `}${sentence(error)}`;
    throw new StackError('STACK_UPDATE_FAILED', reason, { cause: error });
  }
}

function sentence(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** A copy as it is read back from the disk: members that are undefined are not there. */
function toJson(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value ?? null));
}
