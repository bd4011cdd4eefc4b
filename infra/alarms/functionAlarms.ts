import { type FunctionPart, hiddenSeconds, workingParts } from '../template/functionWork.ts';
import type { Resources } from '../template/Resource.ts';
import type { Stack } from '../template/Stack.ts';
import { unusedFunctions } from '../template/unusedFunctions.ts';
import { alarm, DAY, HOUR, ofFunction, shareAlarm } from './alarm.ts';

/**
 * How many errors the collector may make in an hour, and which percentage of its invocations. Its senders try again.
 */
const COLLECT = { atLeast: 2, percent: 1 } as const;

/**
 * How many errors within which time an alarm needs.
 *
 * The time is longer than it takes until the next try has ended, so that an alarm stays on until a run has succeeded.
 * Lambda counts an error at the time of its invocation, after the invocation has ended.
 */
interface ErrorTerms {
  /** The least number of errors. */
  readonly threshold: number;
  /** The time within which they count. */
  readonly periodSeconds: number;
}

/**
 * Functions without a queue. Lambda tries a nightly run twice again within minutes, and nobody tries a customer's
 * trigger again.
 */
const WITHOUT_QUEUE = {
  reconcile: { threshold: 2, periodSeconds: DAY },
  'ingest-trigger': { threshold: 1, periodSeconds: DAY },
} as const satisfies Readonly<Record<string, ErrorTerms>>;

/**
 * An alarm on what Lambda counts as errors of each function: runs that were killed, that took too long, and that threw.
 * A message that a function hands back is no error. The alarms are named `<service>-<stage>-<function>-errors`.
 *
 * One error whose message is tried again within the hour needs no person, but two do. If the message is tried again
 * later, one error does.
 * https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
 */
export function functionAlarms(stack: Stack): Resources {
  const unused = unusedFunctions(stack.config);
  const terms = [
    ...workingParts.map((part) => [part, queueTerms(part)] as const),
    ...Object.entries(WITHOUT_QUEUE),
  ];
  const perFunction = terms.map(([part, errorTerms]) =>
    unused.includes(part)
      ? {}
      : alarm(stack, `${part}-errors`, {
          ...textsOf(part),
          ...errorTerms,
          ...ofFunction(stack, part, 'Errors'),
        }),
  );
  const collect = shareAlarm(stack, 'collect-errors', {
    ...textsOf('collect'),
    some: ofFunction(stack, 'collect', 'Errors'),
    all: ofFunction(stack, 'collect', 'Invocations'),
    atLeast: COLLECT.atLeast,
    threshold: COLLECT.percent,
    periodSeconds: HOUR,
  });
  return Object.assign(collect, ...perFunction);
}

/** One error is enough if the next try comes after an hour or later. */
function queueTerms(part: FunctionPart): ErrorTerms {
  return { threshold: hiddenSeconds(part) < HOUR ? 2 : 1, periodSeconds: 2 * HOUR };
}

/** What an alarm on a function says. */
const textsOf = (part: string) =>
  ({ description: `Runs of ${part} are killed, take too long, or throw`, section: 'functions' }) as const;
