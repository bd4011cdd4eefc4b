import { isMissing, isNamed, unreadKind, whyUnread } from '../explainAwsError.ts';
import { type Finding, finding, seenNow } from '../findings/catalogue.ts';
import { unreadPart } from '../findings/judge/deployment.ts';
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

/** The findings of several questions. One that cannot be answered is a finding, and the others are answered. */
export async function settled(
  questions: readonly Promise<readonly Finding[]>[],
): Promise<readonly Finding[]> {
  const answers = await Promise.allSettled(questions);
  return answers.flatMap((answer) =>
    answer.status === 'fulfilled' ? answer.value : [unreadFinding(answer.reason)],
  );
}

/** Why something could not be looked at, as a finding. @throws as {@link whyUnread}. */
export function unreadFinding(error: unknown): Finding {
  const detail = whyUnread(error);
  if (isMissing(error))
    return finding('SLUICE_FINDING_RESOURCE_MISSING', {
      case: 'drift',
      ...seenNow('Something that the doctor asks for does not exist', detail),
    });
  if (isNamed(error, /^NotImplemented$/)) return finding('SLUICE_FINDING_UNCHECKED', seenNow(detail));
  return { ...unreadPart('A part', detail, unreadKind(error)), detail };
}
