import type { ErrorCode } from '../../lib/base/errors.ts';
import { bodyQuestions } from './bodyQuestions.ts';
import { gatewayQuestions } from './gatewayQuestions.ts';
import { landingQuestions } from './landingQuestions.ts';
import type { Question } from './Question.ts';
import { serviceQuestions } from './serviceQuestions.ts';

/** The open questions by code. Codes are stable. */
export const questionEntries = {
  ...bodyQuestions,
  ...gatewayQuestions,
  ...landingQuestions,
  ...serviceQuestions,
} as const satisfies {
  readonly [code: ErrorCode]: Omit<Question, 'code'>;
};

/** A code of a question. */
export type QuestionCode = keyof typeof questionEntries;

/** The same in the order in which docs/aws.md and the probe have them. */
export const questions: readonly (Question & { readonly code: QuestionCode })[] = codesOf(
  questionEntries,
).map((code) => ({ code, ...questionEntries[code] }));

function codesOf<Code extends string>(entries: Readonly<Record<Code, unknown>>): Code[] {
  const isCode = (name: string): name is Code => Object.hasOwn(entries, name);
  return Object.keys(entries).filter(isCode);
}
