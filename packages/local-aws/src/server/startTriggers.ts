import type { LocalClock } from '../base/clock.ts';
import { reportDefect } from '../base/reportDefect.ts';
import type { Faults } from '../faults/Faults.ts';
import { EventSourceMapping, type QueueAction } from '../lambda/EventSourceMapping.ts';
import { invokeAsync } from '../lambda/invokeAsync.ts';
import { type Schedule, Scheduler } from '../scheduler/index.ts';
import type { Queue } from '../sqs/Queue.ts';
import type { Queues } from '../sqs/Queues.ts';
import type { DeployedMapping } from '../template/Deployment.ts';
import { arnName } from '../template/readDeployment.ts';
import { RefusedCall } from './Enforcement.ts';
import type { Functions } from './startFunctions.ts';

/** Everything that invokes functions besides the gateway. */
export interface Triggers {
  /** Starts a mapping. @throws AwsError when its queue does not exist. */
  addMapping(mapping: DeployedMapping): void;
  /** Starts a schedule. @throws AwsError for an expression that is refused. */
  addSchedule(schedule: Schedule): void;
  /** Processes the messages in the functions' queues. Returns how many remain: those that failed, without those whose delay has not ended. */
  drain(): Promise<number>;
  /** Invokes no more functions and waits for running invocations. */
  close(): Promise<void>;
}

/** Permissions of the roles of functions and schedules for queues and functions. */
export interface TriggerAccess {
  /** Requires that a function's role may make a call of a poller. @throws RefusedCall */
  requireQueue(role: string, functionName: string, action: QueueAction, queueArn: string): void;
  /** The target of a schedule; its dead-letter queue if the role may not call the target; undefined for neither. */
  reachableTarget(schedule: Schedule): string | undefined;
}

/** Rounds of draining: the function of one queue may send to another queue. */
const DRAIN_ROUNDS = 6;

/** Runs the queue pollers and schedules of a deployment. */
export function startTriggers({
  queues,
  functions,
  clock,
  access,
  faults,
  onFailure = (error) => {
    // A refusal is in the status already.
    if (!(error instanceof RefusedCall)) reportDefect(error);
  },
}: {
  readonly queues: Queues;
  readonly functions: Functions;
  readonly clock: LocalClock;
  /** Decides what Lambda and Scheduler do with roles. Default: they may do everything. */
  readonly access?: TriggerAccess | undefined;
  /** Messages that are handed out again on demand. Default: none. */
  readonly faults?: Faults | undefined;
  /** Called when a queue itself fails. Default: writes the stack to stderr. */
  readonly onFailure?: (error: unknown) => void;
}): Triggers {
  /** The mappings of queues to functions; a disabled mapping has no poller. */
  const mappings: { readonly queue: Queue; readonly poller?: EventSourceMapping }[] = [];
  const scheduler = new Scheduler(clock, async (schedule) => {
    const { targetArn, input } = schedule;
    const target = access === undefined ? targetArn : access.reachableTarget(schedule);
    if (target === undefined) return undefined;
    if (target.includes(':lambda:'))
      return invokeAsync(() => functions.invoke(arnName(target), input), { clock });
    try {
      return queues.byArn(target).send(input);
    } catch (error) {
      return onFailure(error);
    }
  });

  return {
    addMapping({ queueArn, functionName, windowSeconds, maximumConcurrency = 5, enabled, ...mapping }) {
      const queue = queues.byArn(queueArn);
      if (!enabled) return void mappings.push({ queue });
      const deployed = functions.find(functionName);
      const poller = new EventSourceMapping({
        ...mapping,
        queue,
        functionArn: deployed?.arn ?? functionName,
        recursiveLoop: deployed?.recursiveLoop ?? 'Terminate',
        invoke: (payload, traceHeaders) => functions.invoke(functionName, payload, traceHeaders),
        windowMs: windowSeconds * 1000,
        maximumConcurrency,
        clock,
        faults,
        authorize: (action) => access?.requireQueue(deployed?.role ?? '', functionName, action, queueArn),
        onFailure,
      });
      mappings.push({ queue, poller });
    },
    addSchedule: (schedule) => scheduler.add(schedule),
    async drain() {
      const fed = mappings.flatMap(({ queue, poller }) => (poller === undefined ? [] : [{ queue, poller }]));
      let waiting = fed;
      for (let round = 0; round < DRAIN_ROUNDS && waiting.length > 0; round += 1) {
        await Promise.all(waiting.map(({ poller }) => poller.drain()));
        // Messages that functions have sent each other meanwhile, received already or not. Failed messages are hidden.
        waiting = fed.filter(({ queue, poller }) => poller.busy || queue.counts().visible > 0);
      }
      const counts = mappings.map(({ queue }) => queue.counts());
      return counts.reduce((sum, { visible, inFlight }) => sum + visible + inFlight, 0);
    },
    async close() {
      scheduler.close();
      await Promise.all(mappings.map(({ poller }) => poller?.close()));
    },
  };
}
