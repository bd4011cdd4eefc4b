import { operateSections } from '../../infra/alarms/sections.ts';
import type { ErrorCode } from '../../lib/base/errors.ts';
import type { SharedPart } from '../facts/statusFacts.ts';
import { collectorFindings } from './catalogue/collector.ts';
import { deploymentFindings } from './catalogue/deployment.ts';
import { dropsFindings } from './catalogue/drops.ts';
import type { Entry, FindingCase, FindingPart, Severity } from './catalogue/entry.ts';
import { partitionsFindings } from './catalogue/partitions.ts';
import { setupFindings } from './catalogue/setup.ts';
import { streamsFindings } from './catalogue/streams.ts';

/** Everything that `sluice status` and `sluice doctor` can find. Codes are stable; none of them is thrown. */
export const findingCatalogue = {
  ...collectorFindings,
  ...streamsFindings,
  ...partitionsFindings,
  ...dropsFindings,
  ...deploymentFindings,
  ...setupFindings,
} as const satisfies Readonly<Record<ErrorCode, Entry>>;

/** A stable code of a finding. */
export type FindingCode = keyof typeof findingCatalogue;

const entries: Readonly<Record<FindingCode, Entry>> = findingCatalogue;

/** Whether a text is the code of a finding. */
export function isFindingCode(text: string): text is FindingCode {
  return Object.hasOwn(entries, text);
}

/** The alarms that ring for a finding, by their names without the stack's and the schedule's. */
export function alarmsOf(code: FindingCode): readonly string[] {
  return entries[code].alarms ?? [];
}

/** The cases of a code. */
export type CaseOf<Code extends FindingCode> = keyof (typeof findingCatalogue)[Code]['cases'] & string;

/** What one finding is about. */
export interface Told {
  /** What is so, of what, how many and by whom: a sentence without its stop, no list of what it could be. */
  readonly title: string;
  /** Since when, ISO 8601: a time, or a day. Null: nothing that could be asked keeps it, so the title says `seen now`. */
  readonly since: string | null;
  /** Figures that the title leaves out; default none. */
  readonly detail?: string;
  /** The cause where it has figures; default the case's. */
  readonly cause?: string;
  /** Cause and cure of the code of ours with which something failed: they stand before the case's. */
  readonly reason?: FindingCase | undefined;
  /** As {@link Finding.judgedBy}. */
  readonly judgedBy?: readonly SharedPart[];
  /** As {@link Finding.subject}. */
  readonly subject?: string;
  /** As {@link Finding.earlier}; default none is known. */
  readonly earlier?: string | null;
  /** As {@link Finding.isOfDay}; default: whether findings of its code are of 24 hours. */
  readonly isOfDay?: boolean;
}

/** The case that a finding is, of a code with several. */
type Case<Code extends FindingCode> =
  string extends CaseOf<Code> ? { readonly case?: undefined } : { readonly case: CaseOf<Code> };

/** When looks from one machine saw first what nothing keeps the beginning of. */
export interface FirstSeen {
  /** Time of the first look that saw it, ISO 8601. */
  readonly at: string;
  /** Time of the look before that, which did not, ISO 8601; null if no look is known that did not. */
  readonly unseenAt: string | null;
}

/** Something that was found: the terminal, JSON and the console show this object. */
export interface Finding {
  /** The stable code: SLUICE_FINDING_…. */
  readonly code: FindingCode;
  /** The case of the code by which it has its cause and cure; null of a code that has one alone. */
  readonly case: string | null;
  /** How serious it is. */
  readonly severity: Severity;
  /** The part of the pipeline that it is about, if `sluice status` finds it; null of what only the doctor finds. */
  readonly part: FindingPart | null;
  /** One sentence: what is so, of what, how many, by whom, and since when or that it is `seen now`. */
  readonly title: string;
  /** The title without what it ends with: since when, how it was seen, and its stop. */
  readonly statement: string;
  /** Since when, ISO 8601; null if nothing that could be asked keeps it. */
  readonly since: string | null;
  /** Of a finding without `since`, when looks from here saw it first. Absent if only this look has seen it, or nobody knows of an earlier one. */
  readonly firstSeen?: FirstSeen;
  /** Whether it may have begun before its `since`, as only 24 hours are read. Absent if not. */
  readonly mayBeOlder?: boolean;
  /** More figures: every day, sender and error, what was found and what was expected. */
  readonly detail: string;
  /** Why it is so; where that is not known, what tells. */
  readonly cause: string;
  /** What to do about this case, naming the deployment in each command. */
  readonly cure: string;
  /** Commands that repair it or show more, ready to be pasted into a shell, for this deployment. Often none. */
  readonly commands: readonly string[];
  /** The section of docs/operate.md that goes through it; null without one. */
  readonly section: string | null;
  /** Whether AWS refused a call because of a key of KMS. Absent of findings that no such refusal makes. */
  readonly isByKey?: boolean;
  /** Whether AWS refused a call because a quota of the account is used up. Absent if not. */
  readonly isByQuota?: boolean;
  /** When it was seen last, ISO 8601, while what shows it cannot be looked at; absent of what this look has seen. */
  readonly lastSeenAt?: string;
  /** The parts of the deployment whose answers show it; absent if those of its code are always the same. */
  readonly judgedBy?: readonly SharedPart[];
  /** Whether its `since` goes back 24 hours at most, as no more is read. Absent if not. */
  readonly isOfDay?: boolean;
  /** Of one of 24 hours, since which hour the like came before them, from any sender, ISO 8601. Absent if none is known. */
  readonly earlier?: string;
  /** What it is about, where that may be another at each look for 24 hours: a function, a sender, `5xx`, the codes of requests. Absent of all else. */
  readonly subject?: string;
}

/** Whether a question was answered with a finding. */
export function isFinding<Read extends object>(read: Read | Finding): read is Finding {
  return 'code' in read && isFindingCode(String(read.code));
}

/**
 * Makes a finding from its code and its facts.
 *
 * @param severity Default: the catalogue's.
 */
export function finding<Code extends FindingCode>(
  code: Code,
  told: Told & Case<Code>,
  commands: readonly string[] = [],
  severity?: Severity,
): Finding {
  const {
    title: said,
    since,
    detail = '',
    cause: known,
    reason,
    case: name,
    judgedBy,
    subject,
    earlier,
  } = told;
  const { cases, section, part, ofDay, ...usual } = entries[code];
  const { isOfDay = ofDay !== undefined } = told;
  const { cause = '', cure = '' } = cases[name ?? 'only'] ?? {};
  const counted = ofDay === 'counted' ? ' (in the last 24 hours)' : '';
  const statement = `${said.replace(/\.$/, '')}${counted}`;
  return {
    code,
    case: name ?? null,
    severity: severity ?? usual.severity,
    part,
    title: titleOf(statement, since),
    statement,
    since,
    detail,
    cause: known ?? `${reason?.cause ?? ''} ${cause}`.trim(),
    cure: `${reason?.cure ?? ''} ${cure}`.trim(),
    commands,
    section: section === undefined ? null : operateSections[section],
    ...(judgedBy === undefined ? {} : { judgedBy }),
    ...(name === 'quota' || reason?.isByQuota === true ? { isByQuota: true } : {}),
    ...(isOfDay ? { isOfDay } : {}),
    ...(earlier == null ? {} : { earlier }),
    ...(subject === undefined ? {} : { subject }),
  };
}

/** A title with its stop, and with the time since when it is so, unless it has that already. */
function titleOf(statement: string, since: Finding['since']): string {
  const isTimed = since !== null && statement.includes(since);
  const when = since === null ? ', seen now' : `, since ${since}`;
  return `${statement}${isTimed ? '' : when}.`;
}

/** What the doctor sees at the moment of its look, as a sentence. Deployments keep no times of it. */
export function seenNow(title: string, detail = title): Told {
  return { title, since: null, detail };
}

/** The meaning of a code with the causes and cures of all its cases, as nobody knows which one it is. */
export function explainFinding(code: FindingCode): Pick<Finding, 'cause' | 'cure' | 'section'> {
  const { cause, cases, section } = entries[code];
  const all = Object.values(cases);
  const named = all.map((one) => (one.cause === cause ? one.cure : `- If so: ${one.cause}\n  ${one.cure}`));
  return { cause, cure: named.join('\n'), section: section === undefined ? null : operateSections[section] };
}
