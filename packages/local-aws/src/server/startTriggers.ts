import type { LocalClock } from '../base/clock.ts';
import { reportDefect } from '../base/reportDefect.ts';
import type { Faults } from '../faults/Faults.ts';
import { EventSourceMapping, type QueueAction } from '../lambda/EventSourceMapping.ts';
import { invokeAsync } from '../lambda/invokeAsync.ts';
import { AwsError } from '../protocol/AwsError.ts';
import { type Schedule, Scheduler } from '../scheduler/index.ts';
import type { Queue } from '../sqs/Queue.ts';
import type { Queues } from '../sqs/Queues.ts';
import type { DeployedMapping } from '../template/Deployment.ts';
import { arnName } from '../template/resolveTemplate.ts';
import { RefusedCall } from './Enforcement.ts';
import type { Functions } from './startFunctions.ts';

/** Everything that invokes functions besides the gateway. */
export interface Triggers {
  /**
   * Starts a mapping.
   *
   * @throws AwsError when its queue does not exist, and `InvalidParameterValueException` when the queue would hand out a
   *   message again while the function may still run: https://github.com/hashicorp/terraform-provider-aws/issues/18099
   */
  addMapping(mapping: DeployedMapping): void;
  /** Starts a schedule. @throws AwsError for an expression that is refused. */
  addSchedule(schedule: Schedule): void;
  /**
   * Processes the messages in the functions' queues. Returns how many remain: those that failed, and those of disabled
   * mappings, without those whose delay has not ended.
   */
  drain(): Promise<number>;
  /** Invokes no more functions and waits for running invocations. */
  close(): Promise<void>;
}

/** Permissions of the roles of functions and schedules for queues and functions. */
interface TriggerAccess {
  /** Requires that a function's role may make a call of a poller. @throws RefusedCall */
  requireQueue(role: string, functionName: string, action: QueueAction, queueArn: string): void;
  /** The target of a schedule; its dead-letter queue if the role may not call the target; undefined for neither. */
  reachableTarget(schedule: Schedule): string | undefined;
}

/** Rounds of draining: the function of one queue may send to another queue. */
const DRAIN_ROUNDS = 6;

/** Options of {@link startTriggers}. */
interface TriggersOptions {
  /** The queues of the account. */
  readonly queues: Queues;
  /** The functions that are invoked. */
  readonly functions: Functions;
  /** The clock of schedules and polling. */
  readonly clock: LocalClock;
  /** Decides what Lambda and Scheduler do with roles. Default: they may do everything. */
  readonly access?: TriggerAccess | undefined;
  /** Messages that are handed out again on demand. Default: none. */
  readonly faults?: Faults | undefined;
  /** Called when a queue itself fails. Default: writes the stack to stderr. */
  readonly onFailure?: (error: unknown) => void;
}

/** The mapping of a queue to a function. A disabled mapping has no poller. */
interface Mapping {
  /** The queue that is polled. */
  readonly queue: Queue;
  /** Passes its messages to the function; absent for a mapping that is disabled. */
  readonly poller?: EventSourceMapping;
}

/** Pollers of one mapping at the same time, for a mapping that says no number: Lambda starts with five. */
const DEFAULT_CONCURRENCY = 5;

/** Runs the queue pollers and schedules of a deployment. */
export function startTriggers(options: TriggersOptions): Triggers {
  const { queues, functions, clock, access, onFailure = reportFailure } = options;
  const mappings: Mapping[] = [];
  const scheduler = new Scheduler(clock, async (schedule) => {
    const { targetArn, input } = schedule;
    const target = access === undefined ? targetArn : access.reachableTarget(schedule);
    if (target === undefined) return;
    if (target.includes(':lambda:')) {
      await invokeAsync(() => functions.invoke(arnName(target), input), { clock });
      return;
    }
    try {
      queues.byArn(target).send(input);
    } catch (error) {
      onFailure(error);
    }
  });

  return {
    addMapping(mapping) {
      const queue = queues.byArn(mapping.queueArn);
      requireVisibility(queue, functions.find(mapping.functionName)?.timeoutSeconds);
      const poller = mapping.enabled ? startPoller(queue, mapping, { ...options, onFailure }) : undefined;
      mappings.push(poller === undefined ? { queue } : { queue, poller });
    },
    addSchedule: (schedule) => scheduler.add(schedule),
    drain: () => drainQueues(mappings),
    async close() {
      scheduler.close();
      await Promise.all(mappings.map(({ poller }) => poller?.close()));
    },
  };
}

/**
 * Requires that a queue hides messages for as long as the function may run.
 *
 * @param timeoutSeconds Timeout of the function; undefined for a function that the template does not have.
 */
function requireVisibility({ settings }: Queue, timeoutSeconds = 0): void {
  const visible = settings.VisibilityTimeout;
  if (visible < timeoutSeconds)
    throw new AwsError(
      'InvalidParameterValueException',
      400,
      `Queue visibility timeout: ${visible} seconds is less than Function timeout: ${timeoutSeconds} seconds`,
    );
}

/** Reports what failed. A refusal is in the status already. */
function reportFailure(error: unknown): void {
  if (!(error instanceof RefusedCall)) reportDefect(error);
}

/** Starts to pass messages of a queue to a function. */
function startPoller(
  queue: Queue,
  mapping: DeployedMapping,
  {
    functions,
    clock,
    access,
    faults,
    onFailure,
  }: TriggersOptions & Required<Pick<TriggersOptions, 'onFailure'>>,
): EventSourceMapping {
  const { queueArn, functionName, windowSeconds, maximumConcurrency = DEFAULT_CONCURRENCY } = mapping;
  // Undefined for a function that the template does not have: then each invocation fails.
  const deployed = functions.find(functionName);
  return new EventSourceMapping({
    queue,
    batchSize: mapping.batchSize,
    partialResponses: mapping.partialResponses,
    functionArn: deployed?.arn ?? functionName,
    recursiveLoop: deployed?.recursiveLoop ?? 'Terminate',
    invoke: (payload, traceHeaders) => functions.invoke(functionName, payload, traceHeaders),
    windowMs: windowSeconds * 1000,
    maximumConcurrency,
    clock,
    faults,
    authorize(action) {
      if (deployed !== undefined) access?.requireQueue(deployed.role, functionName, action, queueArn);
    },
    onFailure,
  });
}

/** Processes what waits in the queues. Returns the number of messages that remain. */
async function drainQueues(mappings: readonly Mapping[]): Promise<number> {
  const polled = mappings.flatMap(({ queue, poller }) => (poller === undefined ? [] : [{ queue, poller }]));
  let waiting = polled;
  for (let round = 0; round < DRAIN_ROUNDS && waiting.length > 0; round += 1) {
    await Promise.all(waiting.map(({ poller }) => poller.drain()));
    // Messages that functions have sent each other meanwhile, received already or not. Failed messages are hidden.
    waiting = polled.filter(({ queue, poller }) => poller.busy || queue.counts().visible > 0);
  }
  const counts = mappings.map(({ queue }) => queue.counts());
  return counts.reduce((sum, { visible, inFlight }) => sum + visible + inFlight, 0);
}
