import { type FunctionPart, functionWork, hiddenSeconds } from '../template/functionWork.ts';
import type { Resources } from '../template/Resource.ts';
import type { Stack } from '../template/Stack.ts';
import { unusedFunctions } from '../template/unusedFunctions.ts';
import { alarm, ofFunction, shareAlarm } from './alarm.ts';

const HOUR = 3_600;
const DAY = 24 * HOUR;

/** Errors, and their percentage of all invocations of an hour, of the collector, whose senders try again. */
const COLLECT = { atLeast: 2, percent: 1 } as const;

/**
 * How many errors within which time an alarm needs.
 *
 * The time is longer than until the next try has ended, so that no alarm goes off before a run was better. Lambda counts an error
 * at the time of its invocation, once that has ended.
 */
interface ErrorTerms {
  readonly threshold: number;
  readonly periodSeconds: number;
}

/** Without a queue: Lambda tries a nightly run twice again within minutes, and nobody tries the trigger of a customer again. */
const WITHOUT_QUEUE = {
  reconcile: { threshold: 2, periodSeconds: DAY },
  'ingest-trigger': { threshold: 1, periodSeconds: DAY },
} as const satisfies Readonly<Record<string, ErrorTerms>>;

/**
 * An alarm on what Lambda counts as errors of each function: runs that were killed, that took too long, and that threw. A message
 * that a function hands back is none of them. `<service>-<stage>-<function>-errors`.
 *
 * One error whose message is tried again within the hour needs no person: two do. Of a message that comes again later one does.
 * https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
 */
export function functionAlarms(stack: Stack): Resources {
  const unused = unusedFunctions(stack.config);
  const terms = [
    ...queueNames.map((part) => [part, queueTerms(part)] as const),
    ...Object.entries(WITHOUT_QUEUE),
  ];
  const made = terms.map(([part, one]) =>
    unused.includes(part)
      ? {}
      : alarm(stack, `${part}-errors`, { ...said(part), ...one, ...ofFunction(stack, part, 'Errors') }),
  );
  const collect = shareAlarm(stack, 'collect-errors', {
    ...said('collect'),
    some: ofFunction(stack, 'collect', 'Errors'),
    all: ofFunction(stack, 'collect', 'Invocations'),
    atLeast: COLLECT.atLeast,
    threshold: COLLECT.percent,
    periodSeconds: HOUR,
  });
  return Object.assign(collect, ...made);
}

const queueNames = Object.keys(functionWork) as FunctionPart[];

function queueTerms(part: FunctionPart): ErrorTerms {
  return { threshold: hiddenSeconds(part) < HOUR ? 2 : 1, periodSeconds: 2 * HOUR };
}

const said = (part: string) =>
  ({ description: `Runs of ${part} are killed, take too long, or throw`, section: 'functions' }) as const;
