import { explainAwsError } from '../../observe/explainAwsError.ts';
import type { QuestionCode } from './questions.ts';
import type { Door } from './Run.ts';

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
 * One answer for each question that was asked at one address or at both, which then names the addresses. What one of them does
 * otherwise is otherwise.
 */
export function acrossDoors(
  doors: readonly { readonly door: Pick<Door, 'name'>; readonly answers: readonly Answer[] }[],
): readonly Answer[] {
  if (doors.length < 2) return doors.flatMap(({ answers }) => answers);
  const codes = new Set(doors.flatMap(({ answers }) => answers.map(({ code }) => code)));
  return [...codes].map((code) => {
    const each = doors.flatMap(({ door, answers }) =>
      answers.filter((one) => one.code === code).map((one) => ({ ...one, name: door.name })),
    );
    const verdicts = ['otherwise', 'expected', 'unanswered'] as const;
    return {
      code,
      verdict: verdicts.find((verdict) => each.some((one) => one.verdict === verdict)) ?? 'unanswered',
      found: each.map(({ name, found }) => `${name}: ${found}`).join('; '),
    };
  });
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
