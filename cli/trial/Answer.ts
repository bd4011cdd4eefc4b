import { type Deployment, ObserveError } from '../../observe/deployment.ts';
import { explainAwsError } from '../../observe/explainAwsError.ts';
import type { QuestionCode } from './questions.ts';

/** The `Origin` of the requests. */
export const ORIGIN = 'https://sluice-probe.example';

/** One run of the questions: what it sends and asks. */
export interface Run {
  /** Eight hexadecimal digits that mark its events. */
  readonly id: string;
  /** The collector's URL; it has a path if a domain maps one to the API. */
  readonly collector: string;
  /** The SDK keys, of a client and of a server. */
  readonly keys: { readonly client: string; readonly server: string };
  /** Time of its events, epoch milliseconds. */
  readonly time: number;
  /**
   * Types of resources that this AWS has not made: questions that need one are not asked. On AWS itself there are none.
   */
  readonly lacks: ReadonlySet<string>;
}

/**
 * Shows the progress of a step.
 *
 * @param what The progress, in words.
 * @param waitsFor `rows` while the step waits for rows to be delivered; otherwise undefined.
 */
export type OnProgress = (what: string, waitsFor?: 'rows') => void;

/** The parts of a deployment that the questions need. */
export type Probed = Omit<Deployment, 'aws' | 'glue' | 'logs'>;

/** Milliseconds between two looks for rows or metrics. In the local cloud, a flush delivers them at once. */
const LOOK_MS = { local: 500, aws: 20_000 } as const;

/**
 * Looks until what is looked for is there, or the time is over.
 *
 * @param look Returns what is seen now, and whether that is what is waited for.
 * @param everyMs Pause between two looks. Default half a second in the local cloud, else 20 seconds.
 * @returns What was seen last.
 */
export async function poll<Seen>(
  { clock, wait, isLocal }: Pick<Probed, 'clock' | 'wait'> & Partial<Pick<Probed, 'isLocal'>>,
  withinMs: number,
  look: () => Promise<{ readonly seen: Seen; readonly isThere: boolean }>,
  everyMs: number = LOOK_MS[isLocal === true ? 'local' : 'aws'],
): Promise<Seen> {
  const deadline = clock.now() + withinMs;
  for (;;) {
    const { seen, isThere } = await look();
    const leftMs = deadline - clock.now();
    if (isThere || leftMs <= 0) return seen;
    await wait(Math.min(everyMs, leftMs));
  }
}

/**
 * `expected`: AWS behaves as expected. `otherwise`: it does not. `not asked`: the question was not asked, or had no
 * result.
 */
export type Verdict = 'expected' | 'otherwise' | 'not asked';

/** The answer to a question. */
export interface Answer {
  /** Code of the question. */
  readonly code: QuestionCode;
  /** Whether AWS behaves as expected. */
  readonly verdict: Verdict;
  /** The result, in a few words. */
  readonly found: string;
}

/** Makes an answer. */
export function answer(code: QuestionCode, isExpected: boolean, found: string): Answer {
  return { code, verdict: isExpected ? 'expected' : 'otherwise', found };
}

/** Makes the answer to a question that has no result, with the reason. */
export function unanswered(code: QuestionCode, found: string): Answer {
  return { code, verdict: 'not asked', found };
}

/** Whether a query was stopped because its time was over: that tells of AWS only that it was slow. */
export function isStopped(error: unknown): boolean {
  return error instanceof ObserveError && error.code === 'SLUICE_OBSERVE_QUERY_STOPPED';
}

/**
 * Asks a question. If AWS returns an error, or does not answer a query in time, the answer says that there is no result. A query
 * that fails is otherwise than expected.
 *
 * @throws AwsAccessError when AWS cannot be reached.
 */
export async function unlessDenied(code: QuestionCode, ask: () => Promise<Answer>): Promise<Answer> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof ObserveError)
      return isStopped(error) ? unanswered(code, error.message) : answer(code, false, error.message);
    const problem = explainAwsError(error);
    if (problem === undefined) throw error;
    if (problem.kind === 'unasked') throw problem.error;
    return unanswered(code, problem.detail);
  }
}
