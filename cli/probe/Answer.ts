import { explainAwsError } from '../../observe/explainAwsError.ts';
import type { QuestionCode } from './questions.ts';

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
export async function answerUnlessDenied<Asked>(
  code: QuestionCode,
  ask: () => Promise<Asked>,
): Promise<Asked | Answer> {
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
