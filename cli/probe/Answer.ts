import { explainAwsError } from '../aws/explainAwsError.ts';
import type { QuestionCode } from './questions.ts';

/** `expected`: as we rely on. `otherwise`: it isn't. `unanswered`: not asked, or not found out. */
export type Verdict = 'expected' | 'otherwise' | 'unanswered';

/** What a question came to. */
export interface Answer {
  readonly code: QuestionCode;
  readonly verdict: Verdict;
  /** What was found, in a few words. */
  readonly found: string;
}

/** Whether it is as expected, and what was found. */
export function answer(code: QuestionCode, asExpected: boolean, found: string): Answer {
  return { code, verdict: asExpected ? 'expected' : 'otherwise', found };
}

/** Why there is no answer. */
export function unanswered(code: QuestionCode, found: string): Answer {
  return { code, verdict: 'unanswered', found };
}

/**
 * Asks, and says instead of an answer what AWS refused.
 *
 * @throws AwsAccessError when AWS can't be asked at all.
 */
export async function unlessRefused<Asked>(
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
