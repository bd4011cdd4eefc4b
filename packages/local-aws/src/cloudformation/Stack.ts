import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { Clock } from '../base/clock.ts';
import { LocalAwsError, StackError } from '../base/errors.ts';
import { AwsError } from '../protocol/AwsError.ts';
import {
  type ResolvedResource,
  type ResolvedTemplate,
  resolveTemplate,
} from '../template/resolveTemplate.ts';
import { type StackIdentity, stackId } from '../template/resourceTypes.ts';
import { parseTemplate } from '../template/Template.ts';
import { compareResources, planUpdate, type StackChange, type UpdatePlan } from './planUpdate.ts';
import type { DeployedVersion, StackEvent, StackJournal, StackStatus, StackVersion } from './StackJournal.ts';

/** Creates, changes and deletes the resources of one type. Each method throws what the type's service answers. */
export interface ResourceHandler {
  /** Whether the account has a resource of this identifier, of the stack or not. */
  exists(resource: ResolvedResource): boolean;
  /** Whether something of it is left, after a kill too. Default: whether it exists. */
  remains?(resource: ResolvedResource): boolean;
  create(resource: ResolvedResource): unknown;
  /** @param before The resource until now: what is the same stays as it is. Undefined: everything is set. */
  update(resource: ResolvedResource, before: ResolvedResource | undefined): unknown;
  /** Deletes a resource that exists. */
  delete(resource: ResolvedResource): unknown;
}

/** The local cloud as a stack sees it: handlers of resources, and callbacks for changes. */
export interface StackTarget {
  /** Undefined for a type that has no effect by itself. */
  handler(type: string): ResourceHandler | undefined;
  /** Called when resources of a type have changed, with all resources that exist at this moment. */
  changed(type: string, resources: readonly ResolvedResource[]): unknown;
  /** Called when all changes are made, or taken back, with what the stack is now. */
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

/** One change of an update. */
export interface MadeChange {
  readonly action: StackChange['action'];
  readonly logicalId: string;
  readonly type: string;
  readonly physicalId: string;
  /** Names of the properties that changed. */
  readonly properties: readonly string[];
  /** Whether a new resource has taken the place of the old one. */
  readonly replacement: boolean;
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
  readonly changes: readonly MadeChange[];
  readonly left: readonly LeftResource[];
}

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
  readonly status: string;
  readonly atMs: number;
}

/**
 * The stack of a local cloud. It is updated as CloudFormation updates one: additions and changes in the order of
 * dependencies, new resources before the old ones that they replace are deleted, and everything taken back when a
 * change fails. A resource whose properties are the same in both templates is not touched, whatever was changed of it
 * by hand.
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-updating-stacks-update-behaviors.html
 */
export class Stack {
  readonly #journal: StackJournal;
  readonly #clock: Clock;
  readonly #identity: Omit<StackIdentity, 'stackName'>;
  readonly #target: StackTarget;
  readonly #onStatus: (change: StatusChange) => void;
  #resolved: ResolvedTemplate = { resources: [], outputs: {} };
  /** Existing resources, by logical ID. Old resources that were replaced but are not deleted yet have another key. */
  readonly #live = new Map<string, ResolvedResource>();
  #status: StackStatus | undefined;
  #running: Promise<void> | undefined;

  constructor(options: {
    readonly journal: StackJournal;
    readonly clock: Clock;
    readonly identity: Omit<StackIdentity, 'stackName'>;
    readonly target: StackTarget;
    /** Called at each change of the stack's status. Default: does nothing. */
    readonly onStatus?: (change: StatusChange) => void;
  }) {
    this.#journal = options.journal;
    this.#clock = options.clock;
    this.#identity = options.identity;
    this.#target = options.target;
    this.#onStatus = options.onStatus ?? (() => undefined);
  }

  get name(): string {
    return this.#journal.deployed?.name ?? '';
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
    return this.#journal.deployed?.version.template;
  }

  get codeDirectory(): string {
    return this.#journal.deployed?.version.codeDirectory ?? '';
  }

  get status(): StackStatus {
    return this.#status ?? this.#journal.deployed?.status ?? 'CREATE_COMPLETE';
  }

  /** Why the last update failed. */
  get reason(): string | undefined {
    return this.#status === undefined ? this.#journal.deployed?.reason : undefined;
  }

  /** When it was created and last updated, epoch ms. */
  get times(): { readonly createdMs: number; readonly updatedMs: number | undefined } {
    const { createdMs = 0, updatedMs } = this.#journal.deployed ?? {};
    return { createdMs, updatedMs: this.#journal.interrupted?.beganMs ?? updatedMs };
  }

  /** The oldest first. */
  get events(): readonly StackEvent[] {
    return this.#journal.events;
  }

  /** The resources with the status of their last event. */
  states(): ResourceState[] {
    const last = new Map(this.events.map((event) => [event.logicalId, event]));
    return this.#resolved.resources.map((resource) => {
      const { status = 'CREATE_COMPLETE', atMs = this.times.createdMs } = last.get(resource.logicalId) ?? {};
      return { resource, status, atMs };
    });
  }

  /**
   * Opens the stack of the data directory and updates it to a template. Resources that are not in the account are
   * created. Where no stack of this name was deployed, resources that exist already are taken over.
   *
   * @throws StackError STACK_UPDATE_FAILED, STACK_UPDATE_REFUSED; TemplateError.
   */
  async open(input: StackInput): Promise<void> {
    const stored = this.#journal.deployed;
    if (stored?.name !== input.name) return this.#create(input);
    const { interrupted } = this.#journal;
    const old = this.#resolve(stored.version, stored.name);
    const { template, codeDirectory } = input;
    await input.prepare(
      this.#resolve({ template, codeDirectory, generations: stored.version.generations }, input.name),
    );
    if (interrupted === undefined) {
      await this.#restore(old);
      if (stored.status === 'UPDATE_ROLLBACK_FAILED') await this.#continueRollback(stored);
    } else {
      const target = this.#resolve(interrupted.target, stored.name);
      const changes = compareResources(old.resources, target.resources);
      const plan = { after: target, generations: interrupted.target.generations, changes };
      if (interrupted.changed) {
        await this.#restore(target);
        await this.#finish(plan, interrupted.target);
      } else {
        await this.#restore(old);
        const begun = interrupted.begun.flatMap((id) =>
          changes.filter((one) => resourceOf(one).logicalId === id),
        );
        await this.#rollBack(begun, 'The local cloud was stopped during the update.');
      }
    }
    await this.update(input);
  }

  /**
   * Updates the stack. Nothing happens when nothing differs.
   *
   * @throws StackError STACK_UPDATE_REFUSED when nothing was begun; STACK_UPDATE_FAILED when it was rolled back;
   * TemplateError.
   */
  async update(input: StackInput): Promise<StackUpdate> {
    return (await this.begin(input)).done;
  }

  /**
   * Begins an update as {@link update}, which goes on when this resolves.
   *
   * @returns `done` rejects when the update fails; `differs` is false when there is nothing to do.
   * @throws StackError STACK_UPDATE_REFUSED, TemplateError.
   */
  async begin(
    input: StackInput,
  ): Promise<{ readonly done: Promise<StackUpdate>; readonly differs: boolean }> {
    const deployed = this.#journal.deployed;
    if (this.#status !== undefined)
      throw refused(`Stack:${this.id} is in ${this.#status} state and can not be updated.`);
    // Also when the journal could not be written on, for example because the disk was full. The next start rolls it back.
    if (this.#journal.interrupted !== undefined || deployed?.status === 'UPDATE_ROLLBACK_FAILED')
      throw refused(`Stack:${this.id} is in UPDATE_ROLLBACK_FAILED state and can not be updated.`);
    if (deployed === undefined || deployed.name !== input.name)
      throw refused(`Stack [${input.name}] does not exist`);
    const { codeDirectory } = input;
    const template = toJson(input.template);
    const resolve = (generations: StackVersion['generations']) =>
      this.#resolve({ template, generations, codeDirectory }, input.name);
    this.#status = 'UPDATE_IN_PROGRESS';
    let begun = false;
    try {
      const plan = refuseAwsErrors(() => planUpdate(this.#resolved, deployed.version.generations, resolve));
      const version = { template, generations: plan.generations, codeDirectory };
      await refuseAwsErrors(() => input.prepare(plan.after));
      if (isDeepStrictEqual(toJson(version), toJson(deployed.version))) {
        await this.#target.settled(this.#resolved);
        return { done: Promise.resolve({ changes: [], left: [] }), differs: false };
      }
      this.#journal.begin(version, this.#clock.now());
      begun = true;
      const done = this.#run(plan, version).finally(() => {
        this.#status = undefined;
      });
      this.#running = done.then(
        () => undefined,
        () => undefined,
      );
      return { done, differs: true };
    } finally {
      if (!begun) this.#status = undefined;
    }
  }

  /** Resolves when no update is running. */
  async idle(): Promise<void> {
    await this.#running;
  }

  async #run(plan: UpdatePlan, version: StackVersion): Promise<StackUpdate> {
    this.#stackEvent('UPDATE_IN_PROGRESS', 'User Initiated');
    await this.#change(plan.changes);
    this.#journal.endChanges();
    return this.#finish(plan, version);
  }

  async #create(input: StackInput): Promise<void> {
    const { name, codeDirectory } = input;
    const version = { template: toJson(input.template), generations: {}, codeDirectory };
    const resolved = this.#resolve(version, name);
    await input.prepare(resolved);
    await this.#target.settled(resolved);
    if (this.#journal.deployed !== undefined) this.#journal.clear();
    for (const resource of resolved.resources) {
      const handler = this.#handler(resource);
      await this.#exist(resource);
      if (handler?.exists(resource) === true) await handler.update(resource, undefined);
      else await handler?.create(resource);
    }
    this.#resolved = resolved;
    const now = this.#clock.now();
    this.#journal.deploy({ name, version, status: 'CREATE_COMPLETE', createdMs: now });
    for (const resource of resolved.resources) this.#event(resource, 'CREATE_COMPLETE');
    this.#stackEvent('CREATE_COMPLETE');
  }

  /** Takes up a deployed stack: creates what is not there, which is everything that is not kept on disk. */
  async #restore(resolved: ResolvedTemplate): Promise<void> {
    this.#resolved = resolved;
    for (const resource of resolved.resources) this.#live.set(resource.logicalId, resource);
    for (const type of new Set(resolved.resources.map((one) => one.type))) {
      await this.#target.changed(type, [...this.#live.values()]);
    }
    // Before streams are made: one may continue with records of an earlier process.
    await this.#target.settled(resolved);
    for (const resource of resolved.resources) {
      const handler = this.#handler(resource);
      if (handler?.exists(resource) === false) await handler.create(resource);
    }
  }

  async #change(changes: readonly StackChange[]): Promise<void> {
    const begun: StackChange[] = [];
    for (const change of changes) {
      if (change.action === 'Remove') continue;
      const { logicalId } = change.after;
      const progress = change.action === 'Add' ? 'CREATE' : 'UPDATE';
      this.#event(change.after, `${progress}_IN_PROGRESS`, replacementReason(change));
      try {
        this.#requireAllowed(change);
        this.#journal.beginChange(logicalId);
        begun.push(change);
        await this.#apply(change);
      } catch (error) {
        const reason = sentence(error);
        this.#event(change.after, `${progress}_FAILED`, reason);
        const failed = `The following resource(s) failed to ${progress.toLowerCase()}: [${logicalId}].`;
        await this.#rollBack(begun, `${failed} ${reason}`);
        throw new StackError('STACK_UPDATE_FAILED', `${logicalId}: ${reason}`, { cause: error });
      }
      this.#event(change.after, `${progress}_COMPLETE`);
    }
  }

  /** @throws Error for what CloudFormation refuses before it calls the resource's service. */
  #requireAllowed(change: Exclude<StackChange, { action: 'Remove' }>): void {
    if (change.action === 'Modify') {
      if (change.refusal !== undefined) throw new AwsError('ValidationError', 400, change.refusal);
      if (!change.replacement) return;
    }
    const { after } = change;
    const own = [...this.#live.values()].some(
      (one) => one.type === after.type && one.physicalId === after.physicalId && one.locally === 'built',
    );
    if (this.#handler(after)?.exists(after) !== true) return;
    throw new AwsError(
      'AlreadyExists',
      400,
      own
        ? `${after.physicalId} already exists in stack ${this.id}`
        : `Resource of type '${after.type}' with identifier '${after.physicalId}' already exists.`,
    );
  }

  async #apply(change: Exclude<StackChange, { action: 'Remove' }>): Promise<void> {
    const { after } = change;
    const handler = this.#handler(after);
    if (change.action === 'Modify' && change.replacement) {
      this.#live.set(replacedKey(after.logicalId), change.before);
    }
    await this.#exist(after);
    if (change.action === 'Modify' && !change.replacement) await handler?.update(after, change.before);
    else await handler?.create(after);
  }

  /** Deletes resources that are no longer in the stack. If one can't be deleted, the update still completes. */
  async #finish(plan: UpdatePlan, version: StackVersion): Promise<StackUpdate> {
    this.#status = 'UPDATE_COMPLETE_CLEANUP_IN_PROGRESS';
    this.#resolved = plan.after;
    this.#stackEvent('UPDATE_COMPLETE_CLEANUP_IN_PROGRESS');
    await this.#target.settled(plan.after);
    const left: LeftResource[] = [];
    for (const change of cleanups(plan.changes)) {
      const { before } = change;
      const { logicalId, type, physicalId } = before;
      const policy = change.action === 'Remove' ? before.deletionPolicy : change.after.updateReplacePolicy;
      const kept = policy === 'Retain' || policy === 'RetainExceptOnCreate';
      const reason = kept ? undefined : await this.#delete(before);
      if (kept) this.#event(before, 'DELETE_SKIPPED');
      this.#live.delete(change.action === 'Remove' ? logicalId : replacedKey(logicalId));
      await this.#target.changed(type, [...this.#live.values()]);
      if (kept || reason !== undefined) left.push({ logicalId, type, physicalId, reason });
    }
    this.#end(version, 'UPDATE_COMPLETE');
    return { changes: plan.changes.map(madeChange), left };
  }

  /** @returns Why it could not be deleted. */
  async #delete(resource: ResolvedResource): Promise<string | undefined> {
    const handler = this.#handler(resource);
    this.#event(resource, 'DELETE_IN_PROGRESS');
    try {
      const remains = handler?.remains ?? handler?.exists;
      if (remains?.(resource) === true) await handler?.delete(resource);
    } catch (error) {
      const reason = sentence(error);
      this.#event(resource, 'DELETE_FAILED', reason);
      return reason;
    }
    this.#event(resource, 'DELETE_COMPLETE');
    return undefined;
  }

  async #rollBack(begun: readonly StackChange[], reason: string): Promise<void> {
    this.#status = 'UPDATE_ROLLBACK_IN_PROGRESS';
    this.#stackEvent('UPDATE_ROLLBACK_IN_PROGRESS', reason);
    const stuck: string[] = [];
    const retained: string[] = [];
    for (const change of begun.toReversed()) {
      if (change.action === 'Remove') continue;
      const { after } = change;
      const before = change.action === 'Modify' ? change.before : undefined;
      this.#live.delete(replacedKey(after.logicalId));
      if (before === undefined) this.#live.delete(after.logicalId);
      else this.#live.set(after.logicalId, before);
      await this.#target.changed(after.type, [...this.#live.values()]);
      if (change.action === 'Modify' && !change.replacement) {
        try {
          await this.#handler(change.before)?.update(change.before, after);
          this.#event(change.before, 'UPDATE_COMPLETE');
        } catch (error) {
          stuck.push(after.logicalId);
          this.#event(change.before, 'UPDATE_FAILED', sentence(error));
        }
        // https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-deletionpolicy.html
      } else if (after.deletionPolicy === 'Retain') {
        this.#event(after, 'DELETE_SKIPPED');
        if (change.action === 'Add') retained.push(after.logicalId);
      } else await this.#delete(after);
    }
    await this.#target.settled(this.#resolved);
    const { version: deployed } = this.#journal.deployed ?? {};
    if (deployed === undefined) return;
    const version = withNewNames(deployed, retained);
    if (stuck.length === 0) this.#end(version, 'UPDATE_ROLLBACK_COMPLETE', reason);
    else
      this.#end(
        version,
        'UPDATE_ROLLBACK_FAILED',
        `The following resource(s) failed to update: [${stuck.join(', ')}].`,
      );
  }

  /**
   * Sets what the rollback could not: ContinueUpdateRollback.
   * https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_ContinueUpdateRollback.html
   */
  async #continueRollback({ version, reason }: DeployedVersion): Promise<void> {
    this.#stackEvent('UPDATE_ROLLBACK_IN_PROGRESS', 'User Initiated');
    for (const { resource, status } of this.states()) {
      if (status !== 'UPDATE_FAILED') continue;
      await this.#handler(resource)?.update(resource, undefined);
      this.#event(resource, 'UPDATE_COMPLETE');
    }
    this.#end(version, 'UPDATE_ROLLBACK_COMPLETE', reason);
  }

  #end(version: StackVersion, status: StackStatus, reason?: string): void {
    this.#stackEvent(status, reason);
    this.#journal.deploy({
      name: this.name,
      version,
      status,
      createdMs: this.times.createdMs,
      ...(this.times.updatedMs === undefined ? {} : { updatedMs: this.times.updatedMs }),
      ...(reason === undefined ? {} : { reason }),
    });
    this.#status = undefined;
  }

  async #exist(resource: ResolvedResource): Promise<void> {
    this.#live.set(resource.logicalId, resource);
    await this.#target.changed(resource.type, [...this.#live.values()]);
  }

  #handler({ type, locally }: ResolvedResource): ResourceHandler | undefined {
    return locally === 'built' ? this.#target.handler(type) : undefined;
  }

  #resolve({ template, generations, codeDirectory }: StackVersion, stackName: string): ResolvedTemplate {
    const resolved = resolveTemplate(parseTemplate(template), { ...this.#identity, stackName }, generations);
    return { ...resolved, resources: resolved.resources.map((one) => withCode(one, codeDirectory)) };
  }

  #event({ logicalId, physicalId, type }: ResolvedResource, status: string, reason?: string): void {
    const event = {
      id: `${logicalId}-${randomUUID()}`,
      atMs: this.#clock.now(),
      logicalId,
      physicalId,
      type,
    };
    this.#journal.addEvent({ ...event, status, ...(reason === undefined ? {} : { reason }) });
  }

  #stackEvent(status: StackStatus, reason?: string): void {
    const type = 'AWS::CloudFormation::Stack';
    const event = {
      id: randomUUID(),
      atMs: this.#clock.now(),
      logicalId: this.name,
      physicalId: this.id,
      type,
    };
    this.#journal.addEvent({ ...event, status, ...(reason === undefined ? {} : { reason }) });
    this.#onStatus({ stackId: this.id, status, reason: reason ?? '', atMs: event.atMs });
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

function replacedKey(logicalId: string): string {
  return `${logicalId} (replaced)`;
}

/** A resource that the rollback retains keeps its generated name, so its logical ID gets a new name the next time. */
function withNewNames(version: StackVersion, logicalIds: readonly string[]): StackVersion {
  const next = logicalIds.map((id) => [id, (version.generations[id] ?? 0) + 1]);
  return { ...version, generations: { ...version.generations, ...Object.fromEntries(next) } };
}

function resourceOf(change: StackChange): ResolvedResource {
  return change.action === 'Remove' ? change.before : change.after;
}

/** Resources to delete at the end: removed and replaced ones, dependents first. */
function cleanups(
  changes: readonly StackChange[],
): (Extract<StackChange, { action: 'Remove' }> | Extract<StackChange, { action: 'Modify' }>)[] {
  const replaced = changes.flatMap((change) =>
    change.action === 'Modify' && change.replacement ? [change] : [],
  );
  const removed = changes.flatMap((change) => (change.action === 'Remove' ? [change] : []));
  return [...removed, ...replaced.reverse()];
}

function madeChange(change: StackChange): MadeChange {
  const { logicalId, type, physicalId } = resourceOf(change);
  return {
    action: change.action,
    logicalId,
    type,
    physicalId,
    properties: change.action === 'Modify' ? change.properties : [],
    replacement: change.action === 'Modify' && change.replacement,
  };
}

function replacementReason(change: StackChange): string | undefined {
  return change.action === 'Modify' && change.replacement && change.refusal === undefined
    ? 'Requested update requires the creation of a new physical resource; hence creating one.'
    : undefined;
}

function sentence(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function refused(detail: string, cause?: unknown): Error {
  return new StackError('STACK_UPDATE_REFUSED', detail, { cause });
}

/** Runs checks before anything changes. A service's refusal refuses the update. */
function refuseAwsErrors<Result>(work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    if (error instanceof AwsError && !(error instanceof LocalAwsError)) throw refused(error.message, error);
    throw error;
  }
}

/** A copy as it is read back from the journal: members that are undefined are not there. */
function toJson(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value ?? null));
}
