import type { LocalClock } from '../base/clock.ts';
import { reportDefect } from '../base/reportDefect.ts';
import { EventSourceMapping } from '../lambda/EventSourceMapping.ts';
import { Scheduler } from '../scheduler/index.ts';
import type { Queues } from '../sqs/Queues.ts';
import type { Deployment } from '../template/Deployment.ts';
import { arnName } from '../template/readDeployment.ts';
import type { Functions } from './startFunctions.ts';

/** Everything that invokes functions besides the gateway. */
export interface Triggers {
  /** Processes the messages in the functions' queues. Returns how many messages remain: those that failed. */
  drain(): Promise<number>;
  /** Invokes no more functions and waits for running invocations. */
  close(): Promise<void>;
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
    onFailure = reportDefect,
  }: {
    readonly queues: Queues;
    readonly functions: Functions;
    readonly clock: LocalClock;
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
        onFailure,
      });
      return { queue, mapping: feeding };
    });
  const scheduler = new Scheduler(clock, async (targetArn, input) => {
    if (targetArn.includes(':lambda:')) return functions.invoke(arnName(targetArn), input);
    try {
      return queues.byArn(targetArn).send(input);
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
