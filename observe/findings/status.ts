import type { Deployment } from '../deployment.ts';
import type { DatasetDays, DropDay } from '../facts/days/dropDays.ts';
import { exportNeed, type Need, needOf } from '../facts/days/dropNeeds.ts';
import type { ExportDays } from '../facts/days/exportDays.ts';
import { firstOf, type Shown } from '../facts/days/pagesByNeed.ts';
import { readStatusFacts } from '../facts/look/readStatusFacts.ts';
import type { StatusFacts } from '../facts/statusFacts.ts';
import type { Severity } from './catalogue/entry.ts';
import type { Finding, FindingCode } from './catalogue.ts';
import { byRank, judge } from './judge/judge.ts';
import { readLook, sightsOf, toldSights } from './lastSight.ts';

/**
 * Bytes of JSON at most, so that an answer stays below 300 kB: of datasets and of exports, and of the findings with one code, about
 * drops or about others. Commands that repair a table have six kilobytes, and no other command lists them.
 */
const BYTES = { drops: 60_000, ofDrops: 10_000, others: 30_000 } as const;

/** Datasets or exports: those that need somebody first, as many as fit. */
export interface ShownDrops<Drops> extends Shown {
  /** The datasets or exports that fit. */
  readonly shown: readonly Drops[];
  /** Days of those that are not shown, by state: `succeeded`, or `none` of a day without an entry. */
  readonly others: Readonly<Record<string, number>>;
}

/** The state of every part, and what needs attention. */
export interface Status extends Omit<StatusFacts, 'datasets' | 'exports'> {
  /** Whether no problem needs attention; warnings do not count. */
  readonly isWell: boolean;
  /** How many findings there are, whether they are shown or not. */
  readonly found: Readonly<Record<Severity, number>>;
  /** Problems first, then warnings: of a code with many, those that fit. */
  readonly problems: readonly Finding[];
  /** How many findings are not among them, by code. `sluice ingest status` and `sluice export status` have what they are about. */
  readonly more: Readonly<Partial<Record<FindingCode, number>>>;
  /** The datasets of customers; null if they could not be read. `sluice ingest status` has the others. */
  readonly datasets: ShownDrops<DatasetDays> | null;
  /** The exports; null if they could not be read. `sluice export status` has the others. */
  readonly exports: ShownDrops<ExportDays> | null;
}

/**
 * Reads the state of every part and judges it. Findings of one code, datasets and exports are shown as far as they fit, with how
 * many there are.
 *
 * @throws As `readStatusFacts`.
 */
export async function readStatus(deployment: Deployment): Promise<Status> {
  const facts = await readStatusFacts(deployment);
  const found = judge(facts, deployment, await deployment.s3.config.region());
  const sights = sightsOf(found, facts, readLook(deployment.notes?.read()));
  deployment.notes?.write({ at: facts.at, sights });
  const findings = toldSights(sights, facts.at);
  return statusOf(facts, findings.toSorted(byRank));
}

/** The answer of facts and all of their findings. */
function statusOf(facts: StatusFacts, findings: readonly Finding[]): Status {
  const problems = [...Map.groupBy(findings, ({ code }) => code).values()].flatMap(
    (ofCode) =>
      firstOf(
        ofCode,
        () => null,
        ({ detail }) => detail,
        ofCode[0]?.part === 'drops' ? BYTES.ofDrops : BYTES.others,
      ).shown,
  );
  const more: Partial<Record<FindingCode, number>> = {};
  for (const finding of findings)
    if (!problems.includes(finding)) more[finding.code] = (more[finding.code] ?? 0) + 1;
  const found = (severity: Severity) => findings.filter((finding) => finding.severity === severity).length;
  return {
    ...facts,
    isWell: found('problem') === 0,
    found: { problem: found('problem'), warning: found('warning'), unchecked: found('unchecked') },
    problems: findings.filter((finding) => problems.includes(finding)),
    more,
    datasets: shownOf(facts.datasets, needOf, ({ source, dataset }) => `${source}/${dataset}`),
    exports: shownOf(facts.exports, exportNeed, (exported) => exported.export),
  };
}

/** The first of some datasets or exports, the ones that need somebody before others. */
function shownOf<Drops extends { readonly days: readonly DropDay[] }>(
  all: readonly Drops[] | null,
  needs: (drops: Drops) => Need | null,
  nameOf: (drops: Drops) => string,
): ShownDrops<Drops> | null {
  if (all === null) return null;
  const shown = firstOf(all, needs, nameOf, BYTES.drops);
  const others: Record<string, number> = {};
  for (const { days } of all.filter((drops) => !shown.shown.includes(drops)))
    for (const { state } of days) others[state ?? 'none'] = (others[state ?? 'none'] ?? 0) + 1;
  return { ...shown, others };
}
