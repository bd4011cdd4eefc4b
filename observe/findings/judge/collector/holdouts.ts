import { counted } from '../../../../lib/base/text.ts';
import { HOLDOUTS_PART, type StatusFacts } from '../../../facts/statusFacts.ts';
import type { UnlistedHoldout } from '../../../facts/unlistedHoldouts.ts';
import { type Finding, finding } from '../../catalogue.ts';
import type { Findings } from '../place.ts';

/** Holdouts that are not known by name, while they are new: a gate that overrides an experiment for somebody is no news after some days. */
export function* unlistedHoldouts({ unlistedHoldouts: found }: StatusFacts): Findings {
  for (const holdout of found ?? []) if (holdout.isNew) yield judgeUnlisted(holdout);
}

/** Judges a holdout that is not known by name. */
export function judgeUnlisted({ experiment, gate, rule, rows, since }: UnlistedHoldout): Finding {
  const told = {
    case: 'unlisted',
    title: `The gate ${gate} is true in all ${counted(rows, 'exposure')} of the rule ${rule} of ${experiment} and in none of its other rules, since ${since}, and is no known holdout`,
    since,
    detail: `${experiment}: ${counted(rows, 'exposure')} of the rule ${rule} count as a group of its own; the gate is ${gate}.`,
    subject: `${experiment} ${gate}`,
    judgedBy: [HOLDOUTS_PART],
  } as const;
  return finding('SLUICE_FINDING_NAMES_UNKNOWN', told);
}
