import type { LocalClock } from '../base/clock.ts';
import { reportDefect } from '../base/reportDefect.ts';
import { EventSourceMapping, type QueueAction } from '../lambda/EventSourceMapping.ts';
import { type Schedule, Scheduler } from '../scheduler/index.ts';
import type { Queues } from '../sqs/Queues.ts';
import type { Deployment } from '../template/Deployment.ts';
import { arnName } from '../template/readDeployment.ts';
import { RefusedCall } from './Enforcement.ts';
import type { Functions } from './startFunctions.ts';

/** Everything that invokes functions besides the gateway. */
export interface Triggers {
  /** Processes the messages in the functions' queues. Returns how many messages remain: those that failed. */
  drain(): Promise<number>;
  /** Invokes no more functions and waits for running invocations. */
  close(): Promise<void>;
}

/** What the roles of functions and schedules may do with queues and functions. */
export interface TriggerAccess {
  /** Requires that a function's role may make a call of a poller. @throws RefusedCall */
  requireQueue(role: string, functionName: string, action: QueueAction, queueArn: string): void;
  /** The target of a schedule; its dead-letter queue if the role may not call the target; undefined for neither. */
  reachableTarget(schedule: Schedule): string | undefined;
}

/** Rounds of draining: the function of one queue may send to another queue. */
const DRAIN_ROUNDS = 6;

/** Starts the queue pollers and schedules of a deployment. */
export function startTriggers(
  deployment: Pick<Deployment, 'eventSourceMappings' | 'functions' | 'schedules'>,
  {
    queues,
    functions,
    clock,
    access,
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
    /** Called when a queue itself fails. Default: writes the stack to stderr. */
    readonly onFailure?: (error: unknown) => void;
  },
): Triggers {
  const fed = deployment.eventSourceMappings
    .filter(({ enabled }) => enabled)
    .map(({ queueArn, functionName, windowSeconds, maximumConcurrency = 5, ...mapping }) => {
      const queue = queues.byArn(queueArn);
      const fedFunction = deployment.functions.find(({ name }) => name === functionName);
      const feeding = new EventSourceMapping({
        ...mapping,
        queue,
        functionArn: fedFunction?.arn ?? functionName,
        recursiveLoop: fedFunction?.recursiveLoop ?? 'Terminate',
        invoke: (payload, traceHeaders) => functions.invoke(functionName, payload, traceHeaders),
        windowMs: windowSeconds * 1000,
        maximumConcurrency,
        clock,
        authorize: (action) => access?.requireQueue(fedFunction?.role ?? '', functionName, action, queueArn),
        onFailure,
      });
      return { queue, mapping: feeding };
    });
  const scheduler = new Scheduler(clock, async (schedule) => {
    const { targetArn, input } = schedule;
    const target = access === undefined ? targetArn : access.reachableTarget(schedule);
    if (target === undefined) return undefined;
    if (target.includes(':lambda:')) return functions.invoke(arnName(target), input);
    try {
      return queues.byArn(target).send(input);
    } catch (error) {
      return onFailure(error);
    }
  });
  for (const schedule of deployment.schedules) scheduler.add(schedule);
  return {
    async drain() {
      let waiting = fed;
      for (let round = 0; round < DRAIN_ROUNDS && waiting.length > 0; round += 1) {
        await Promise.all(waiting.map(({ mapping }) => mapping.drain()));
        // Messages that functions have sent each other meanwhile, received already or not. Failed messages are hidden.
        waiting = fed.filter(({ queue, mapping }) => mapping.busy || queue.counts().visible > 0);
      }
      return deployment.eventSourceMappings.reduce(
        (sum, { queueArn }) => sum + queues.byArn(queueArn).pending(),
        0,
      );
    },
    async close() {
      scheduler.close();
      await Promise.all(fed.map(({ mapping }) => mapping.close()));
    },
  };
}
