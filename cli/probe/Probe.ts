import { defineErrorFamily } from '../../lib/base/errors.ts';
import type { Deployment } from '../../observe/deployment.ts';
import { explainAwsError } from '../../observe/explainAwsError.ts';
import type { QuestionCode } from './questions.ts';

/** Errors that prevent a probe. */
export const ProbeError = defineErrorFamily('user', {
  SLUICE_PROBE_NO_KEY: {
    cause: 'There is no SDK key to send with.',
    cure: 'Set SLUICE_PROBE_KEY, or use --key. To create a key for the probe: K=client-probe-$(openssl rand -hex 16); printf %s "$K" | npx sluice keys add probe --stage <stage>',
  },
  SLUICE_PROBE_KEY_REFUSED: {
    cause: 'The collector does not accept the SDK key.',
    cure: 'Add it (`sluice keys add`), wait half a minute, and run the probe again.',
  },
  SLUICE_PROBE_NO_COLLECTOR: {
    cause: 'There is no collector.',
    cure: 'Deploy the stack with this version; for the local cloud, check that `npm start` is running. Or use --url.',
  },
  SLUICE_PROBE_UNREACHABLE: {
    cause: 'The collector cannot be reached.',
    cure: 'Check the network and the URL.',
  },
  SLUICE_PROBE_FILTERED: {
    cause: "The configuration ignores the probe's events.",
    cure: 'Add "sluice-probe:*" to events.allow, or remove it from events.deny, and deploy.',
  },
});

/** The `Origin` of the requests. */
export const ORIGIN = 'https://sluice-probe.example';

/** The prefix of the event names of every probe. */
export const NAME_PREFIX = 'sluice-probe:';

/** The environment of the probe's rows, which views exclude. */
export const ENVIRONMENT = 'sluice-probe';

/** One run of the probe. */
export interface Run {
  /** Eight hexadecimal digits that mark its events. */
  readonly id: string;
  /** The collector's URL; it has a path if a domain maps one to the API. */
  readonly collector: string;
  /** The SDK key. */
  readonly key: string;
  /** Time of its events, epoch milliseconds. */
  readonly time: number;
}

/** The parts of a deployment that a probe needs. */
export type Probed = Pick<
  Deployment,
  | 'config'
  | 'stack'
  | 'isLocal'
  | 'athena'
  | 'cloudwatch'
  | 's3'
  | 'clock'
  | 'wait'
  | 'random'
  | 'now'
  | 'localControl'
>;

/** Interval between two looks for rows or metrics: in the local cloud, a flush delivers them at once. */
export function lookEveryMs({ isLocal }: Pick<Probed, 'isLocal'>): number {
  return isLocal ? 500 : 20_000;
}

/** `expected`: AWS behaves as expected. `otherwise`: it does not. `unanswered`: not asked, or without a result. */
export type Verdict = 'expected' | 'otherwise' | 'unanswered';

/** The answer to a question. */
export interface Answer {
  readonly code: QuestionCode;
  readonly verdict: Verdict;
  /** The result, in a few words. */
  readonly found: string;
}

/** Makes an answer. */
export function answer(code: QuestionCode, asExpected: boolean, found: string): Answer {
  return { code, verdict: asExpected ? 'expected' : 'otherwise', found };
}

/** Makes an answer that says why there is none. */
export function unanswered(code: QuestionCode, found: string): Answer {
  return { code, verdict: 'unanswered', found };
}

/**
 * Asks a question; if AWS returns an error, the answer says that there is no result.
 *
 * @throws AwsAccessError when AWS cannot be reached.
 */
export async function unlessDenied(code: QuestionCode, ask: () => Promise<Answer>): Promise<Answer> {
  try {
    return await ask();
  } catch (error) {
    const problem =
      explainAwsError(error) ?? (error instanceof Error ? explainAwsError(error.cause) : undefined);
    if (problem === undefined) throw error;
    if (problem.kind === 'unasked') throw problem.error;
    return unanswered(code, problem.detail);
  }
}
