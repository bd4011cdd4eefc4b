import type { OperateSection } from '../../../infra/alarms/sections.ts';

/** How serious a finding can be, the worst first. */
export const severities = ['problem', 'warning', 'unchecked'] as const;

/**
 * `problem`: something does not work, is not safe, or could not be checked. `warning`: it works but should be improved.
 * `unchecked`: the check does not apply here, for example in the local cloud.
 */
export type Severity = (typeof severities)[number];

/** The part of the pipeline that a finding is about. */
export type FindingPart = 'collector' | 'streams' | 'partitions' | 'drops' | 'deployment';

/** Why something of a code is so, and what to do about it. */
export interface FindingCase {
  /** Why it is so; where that is not known, what tells. */
  readonly cause: string;
  /** What ends it. Nothing for another case. */
  readonly cure: string;
  /** Whether a quota of the account is used up. Absent if not. */
  readonly isByQuota?: boolean;
}

/** What the catalogue has of a code. */
export interface Entry<Case extends string = string> {
  /** The usual severity; a finding can have another one. */
  readonly severity: Severity;
  /** What the code means, whatever the case. */
  readonly cause: string;
  /** Its cases, each with one cause and one cure. A code without cases has the case `only`. */
  readonly cases: Readonly<Record<Case, FindingCase>>;
  /** The part of the pipeline, for a finding of `sluice status`; null if only the doctor finds it. */
  readonly part: FindingPart | null;
  /** The section of docs/operate.md that goes through it. */
  readonly section?: OperateSection;
  /** Alarms that ring for it, by their names without the stack's and the schedule's. */
  readonly alarms?: readonly string[];
  /**
   * Of what came within 24 hours, as no look reads more: `counted`, so the title says it, or only `begun`. What began
   * earlier seems to begin then.
   */
  readonly ofDay?: 'counted' | 'begun';
  /** Ends the cure of each case: what ends the finding, and what else is so in all of them. Default of what is `counted` {@link GOES}. */
  readonly ending?: string;
}

/** What an entry has beside its texts. */
type Mentions = Pick<Entry, 'section' | 'alarms' | 'ofDay' | 'ending'>;
/** The cases of a code, or the cure of its only one. A case may have an ending of its own; an empty one is none. */
type Cases<Case extends string> =
  | string
  | Readonly<Record<Case, readonly [cause: string, cure: string, ending?: string]>>;

/** What ends a finding on what is counted within 24 hours. */
const GOES = 'It goes a day after the last of them.';

/** Makes an entry of one severity. */
type EntryMaker = <Case extends string>(
  cause: string,
  cases: Cases<Case>,
  mentions?: Mentions,
) => Entry<Case>;

/**
 * Makers of the entries of one part of the pipeline, one for each severity.
 *
 * @param part Null: only the doctor finds them.
 */
export function entriesOf(part: FindingPart | null): Readonly<Record<Severity, EntryMaker>> {
  const maker =
    (severity: Severity): EntryMaker =>
    (cause, cases, mentions = {}) => {
      const named = typeof cases === 'string' ? { only: [cause, cases] } : cases;
      const { ofDay, ending = ofDay === 'counted' ? GOES : '' } = mentions;
      const all = Object.entries<readonly (string | undefined)[]>(named).map(
        ([name, [why = '', cure = '', end = ending]]) => [
          name,
          { cause: why, cure: `${cure} ${end}`.trim() },
        ],
      );
      return { severity, cause, cases: Object.fromEntries(all), part, ...mentions };
    };
  return { problem: maker('problem'), warning: maker('warning'), unchecked: maker('unchecked') };
}
