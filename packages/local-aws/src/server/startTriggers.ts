import type { LocalClock } from '../base/clock.ts';
import { reportDefect } from '../base/reportDefect.ts';
import type { Faults } from '../faults/Faults.ts';
import { EventSourceMapping, type QueueAction } from '../lambda/EventSourceMapping.ts';
import { invokeAsync } from '../lambda/invokeAsync.ts';
import { type Schedule, Scheduler } from '../scheduler/index.ts';
import type { Queues } from '../sqs/Queues.ts';
import type { DeployedMapping } from '../template/Deployment.ts';
import { arnName } from '../template/readDeployment.ts';
import { RefusedCall } from './Enforcement.ts';
import type { Functions } from './startFunctions.ts';

/** Everything that invokes functions besides the gateway. */
export interface Triggers {
  hasMapping(id: string): boolean;
  /**
   * Starts a mapping, or gives it other settings. Batches that run end by the old ones.
   *
   * @throws AwsError when its queue does not exist.
   */
  putMapping(id: string, mapping: DeployedMapping): void;
  /** Ends a mapping. Resolves when its running batches have ended. */
  removeMapping(id: string): Promise<void>;
  hasSchedule(name: string): boolean;
  /** Starts a schedule, or replaces the one of its name. @throws AwsError for an expression that is refused. */
  putSchedule(schedule: Schedule): void;
  removeSchedule(name: string): void;
  /** Processes the messages in the functions' queues. Returns how many messages remain: those that failed. */
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
  /** By ID; without a poller while a mapping is disabled. */
  const mappings = new Map<string, { readonly queueArn: string; readonly poller?: EventSourceMapping }>();
  const ending = new Set<Promise<void>>();
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

  function end(id: string): Promise<void> {
    const poller = mappings.get(id)?.poller;
    mappings.delete(id);
    if (poller === undefined) return Promise.resolve();
    const ended = poller.close().finally(() => ending.delete(ended));
    ending.add(ended);
    return ended;
  }

  return {
    hasMapping: (id) => mappings.has(id),
    putMapping(id, { queueArn, functionName, windowSeconds, maximumConcurrency = 5, enabled, ...mapping }) {
      const queue = queues.byArn(queueArn);
      void end(id);
      if (!enabled) return void mappings.set(id, { queueArn });
      const poller = new EventSourceMapping({
        ...mapping,
        queue,
        // The function may change while the mapping stays.
        get functionArn() {
          return functions.find(functionName)?.arn ?? functionName;
        },
        get recursiveLoop() {
          return functions.find(functionName)?.recursiveLoop ?? 'Terminate';
        },
        invoke: (payload, traceHeaders) => functions.invoke(functionName, payload, traceHeaders),
        windowMs: windowSeconds * 1000,
        maximumConcurrency,
        clock,
        faults,
        authorize: (action) =>
          access?.requireQueue(functions.find(functionName)?.role ?? '', functionName, action, queueArn),
        onFailure,
      });
      mappings.set(id, { queueArn, poller });
    },
    removeMapping: end,
    hasSchedule: (name) => scheduler.has(name),
    putSchedule(schedule) {
      scheduler.remove(schedule.name);
      scheduler.add(schedule);
    },
    removeSchedule: (name) => scheduler.remove(name),
    async drain() {
      const fed = [...mappings.values()].flatMap(({ queueArn, poller }) =>
        poller === undefined || !queues.has(arnName(queueArn))
          ? []
          : [{ queue: queues.byArn(queueArn), poller }],
      );
      let waiting = fed;
      for (let round = 0; round < DRAIN_ROUNDS && waiting.length > 0; round += 1) {
        await Promise.all(waiting.map(({ poller }) => poller.drain()));
        // Messages that functions have sent each other meanwhile, received already or not. Failed messages are hidden.
        waiting = fed.filter(({ queue, poller }) => poller.busy || queue.counts().visible > 0);
      }
      return [...mappings.values()].reduce((sum, { queueArn }) => {
        const name = arnName(queueArn);
        return sum + (queues.has(name) ? queues.byName(name).pending() : 0);
      }, 0);
    },
    async close() {
      scheduler.close();
      for (const id of [...mappings.keys()]) void end(id);
      await Promise.all(ending);
    },
  };
}
