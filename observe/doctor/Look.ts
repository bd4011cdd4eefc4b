import { isOfKey, unreadKind } from '../answerKinds.ts';
import { whyUnread } from '../explainAwsError.ts';
import { type CaseOf, type Finding, finding, seenNow } from '../findings/catalogue.ts';
import { type Unread, unreadFindings } from '../findings/judge/deployment/unread.ts';
import { isMissing, isNamed } from '../ifThere.ts';
import type { Setup } from './Setup.ts';

/** One thing that the doctor looks at. */
export interface Look {
  /** e.g. `bucket-settings`. */
  readonly name: string;
  /** What holds without a finding, in one line. */
  readonly expects: string;
  /** Whether nothing else can be looked at without it. */
  readonly isGround?: boolean;
  /** Finds nothing if everything is as expected. */
  find(setup: Setup): Promise<readonly Finding[]>;
}

/** A question of a look: what it is about, in words, `the queue sluice-prod-write`; and its answer. */
export type Question = readonly [about: string, answer: Promise<readonly Finding[]>];

/**
 * The findings of several questions. Those that cannot be answered are findings, one for each reason, and the others are answered.
 *
 * @throws As {@link whyUnread}.
 */
export async function settled(questions: readonly Question[]): Promise<readonly Finding[]> {
  const answers = await Promise.allSettled(questions.map(([, answer]) => answer));
  const found: Finding[] = [];
  const unread: Unread[] = [];
  for (const [i, answer] of answers.entries()) {
    const [about = ''] = questions[i] ?? [];
    if (answer.status === 'fulfilled') found.push(...answer.value);
    else if (isOfPart(answer.reason)) unread.push(unreadOf(about, answer.reason));
    else found.push(unreadFinding(about, answer.reason));
  }
  return [...found, ...unreadFindings(unread)];
}

/** Whether an answer is about the caller or the service: questions that have the same one have one finding. */
function isOfPart(error: unknown): boolean {
  return !isMissing(error) && !isNamed(error, NOT_EMULATED);
}

/** What is told of a part that could not be looked at. */
function unreadOf(part: string, error: unknown): Unread {
  const why = whyUnread(error);
  return { part, why, kind: unreadKind(error), isByKey: isOfKey(why) };
}

/** Why a question could not be answered. @throws As {@link whyUnread}. */
export function unreadFinding(about: string, error: unknown): Finding {
  const [unread] = isOfPart(error) ? unreadFindings([unreadOf(about, error)]) : [];
  if (unread !== undefined) return unread;
  const why = whyUnread(error);
  if (isMissing(error)) {
    const title = `${capital(about)} cannot be looked at: something that AWS is asked for does not exist`;
    return finding('SLUICE_FINDING_RESOURCE_MISSING', { case: 'drift', ...seenNow(title, why) });
  }
  const title = `${capital(about)} cannot be checked in the local cloud`;
  return finding('SLUICE_FINDING_UNCHECKED', { case: 'local', ...seenNow(title, why) });
}

/** What the local cloud answers to an operation that it does not have. */
export const NOT_EMULATED = /^NotImplemented$/;

/** What AWS does not say to these credentials. @param detail Default: the title. */
export function unsaid(title: string, detail = title): Finding {
  return finding('SLUICE_FINDING_UNCHECKED', { case: 'silent', ...seenNow(title, detail) });
}

/**
 * Something that does not exist.
 *
 * @param subject As it begins a sentence: `The key …`.
 * @param kind Who makes it again, and how.
 * @param shown Commands that do.
 */
export function missing(
  subject: string,
  kind: CaseOf<'SLUICE_FINDING_RESOURCE_MISSING'>,
  shown: readonly string[] = [],
): Finding {
  const told = { case: kind, ...seenNow(`${subject} does not exist`, `${subject}.`) };
  return finding('SLUICE_FINDING_RESOURCE_MISSING', told, shown);
}

/** A text that begins with a capital letter. */
function capital(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
}
