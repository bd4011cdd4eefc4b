import { sum } from '../../../../lib/base/sum.ts';
import { counted, listed, quotedName } from '../../../../lib/base/text.ts';
import { NameFilter } from '../../../../lib/collect/eventFilter.ts';
import { isRowReason } from '../../../../lib/drops/rowReasons.ts';
import type { Config } from '../../../../lib/schema/config.ts';
import type { StatusFacts } from '../../../facts/statusFacts.ts';
import type { ContentChange } from '../../../facts/tables/contentChanges.ts';
import { ABSENT_USER } from '../../../facts/tables/contentParts.ts';
import type { CaseOf } from '../../catalogue.ts';

/** What the deployment itself does to what comes, so that no app is to be asked. */
interface Withheld {
  /** The case of the finding. */
  readonly case: 'quarantined' | 'leftOut' | 'redacted';
  /** The end of the title, from a semicolon on. */
  readonly title: string;
  /** A sentence of figures without its stop; empty without any. */
  readonly detail: string;
  /** The reason of quarantine with the most of these rows; null of the other cases. */
  readonly reason: string | null;
}

/** The cases of {@link Withheld}, which changes of several kinds have. */
export type WithheldCase = Withheld['case'] & CaseOf<'SLUICE_FINDING_EVENTS_UNUSUAL'>;

/** The configured lists and redactions. */
type Rules = Pick<Config, 'events' | 'exposures' | 'privacy' | 'unitIds'>;

/** A name that came on the days before, and that the configured lists leave out. */
interface LeftOutName {
  /** The change that shows it. */
  readonly change: ContentChange;
  /** The pattern of `allow` that differs from it in upper and lower case alone; undefined without one. */
  readonly alike: string | undefined;
}

/** The names that the days before had, and that the configured lists leave out. Empty without `curate`, which compares days. */
export function leftOutNames(
  { contentChanges }: Pick<StatusFacts, 'contentChanges'>,
  config: Pick<Rules, 'events' | 'exposures'>,
): readonly LeftOutName[] {
  return (contentChanges ?? []).flatMap((change) => {
    const { kind, what, table, value, label } = change;
    if (kind !== 'less' || (what !== 'event' && what !== 'experiment')) return [];
    const lists = config[table];
    const layer = what === 'experiment' ? label : null;
    if (new NameFilter(lists).passes([value, layer ?? value])) return [];
    const isAlike = (pattern: string) =>
      new NameFilter({ allow: [pattern.toLowerCase()], deny: [] }).passes([value.toLowerCase()]);
    return [{ change, alike: lists.allow?.find(isAlike) }];
  });
}

/** The names with the patterns of `allow` that are like them, as a sentence without its stop. @param names At least one. */
export function leftOutText(names: readonly LeftOutName[]): string {
  const texts = names.map(({ change: { table, value }, alike }) => {
    if (alike === undefined) return quotedName(value);
    return `${quotedName(value)} (\`${table}.allow\` has ${quotedName(alike)}, in other upper and lower case)`;
  });
  return `The configured lists leave out ${listed(texts)}, which came on each day before`;
}

/** What the deployment itself does to what a change is of; null if the change is not known to be by that. */
export function withheldOf(
  change: ContentChange,
  facts: Pick<StatusFacts, 'contentChanges' | 'quarantine' | 'deployedAt'>,
  config: Rules,
): Withheld | null {
  if (change.kind === 'more' || change.what === 'key') return redacted(change, facts, config);
  const isOfSdk = change.what === 'sdk';
  if (change.kind !== 'less' || !(isOfSdk || change.what === 'event')) return null;
  return quarantined(change, facts) ?? (isOfSdk ? leftOut(change, facts, config) : null);
}

/** Whether as much is in quarantine as is missing: of an SDK its own rows, of a name those of all SDKs, as they have no name. */
function quarantined(
  { what, value, count, of }: ContentChange,
  { quarantine }: Pick<StatusFacts, 'quarantine'>,
): Withheld | null {
  const refused = (quarantine ?? [])
    .filter(({ reason }) => !isRowReason(reason))
    .map(({ reason, rows, senders }) => {
      const own = senders.filter(({ sdk }) => sdk === value || sdk?.startsWith(`${value} `));
      return { reason, rows: what === 'sdk' ? sum(own.map((sender) => sender.rows)) : rows };
    })
    .toSorted((a, b) => b.rows - a.rows);
  const total = sum(refused.map(({ rows }) => rows));
  const [most] = refused;
  // A row may stand for a body with many events: of an SDK any tell that its requests come.
  if (most === undefined || total <= count || (what !== 'sdk' && total < of - count)) return null;
  const whose = what === 'sdk' ? ' of it' : ' of all names';
  return {
    case: 'quarantined',
    title: `; ${counted(total, 'row')}${whose} ${total === 1 ? 'is' : 'are'} in quarantine`,
    detail: '',
    reason: most.reason,
  };
}

/** Whether the lists leave out names of the table that came half as often as the SDK lacks events. */
function leftOut(
  { table, count, of }: ContentChange,
  facts: Pick<StatusFacts, 'contentChanges'>,
  config: Rules,
): Withheld | null {
  const names = leftOutNames(facts, config).filter(({ change }) => change.table === table);
  const missing = sum(names.map(({ change }) => change.of - change.count));
  if (names.length === 0 || missing * 2 < of - count) return null;
  return {
    case: 'leftOut',
    title: `; the configured lists leave out ${counted(names.length, 'name')} that came then`,
    detail: leftOutText(names),
    reason: null,
  };
}

/** What `privacy.redact` makes of an event by what is compared, its column and its value: by action and path in lower case, as paths match in any case: docs/privacy.md. */
const REDACTED: Readonly<Record<string, readonly string[]>> = {
  [`unit ${ABSENT_USER}`]: ['drop user.userid', 'drop user'],
  'idForm user_id hexadecimal digests': ['hash user.userid'],
  'value none': ['drop value'],
  'value text': ['hash value'],
};

/** Whether a rule of `privacy.redact` makes events so. */
function redacted(
  { what, field, value }: ContentChange,
  { deployedAt }: Pick<StatusFacts, 'deployedAt'>,
  { privacy, unitIds }: Rules,
): Withheld | null {
  const ids = Object.entries(unitIds).filter(([, column]) => column === field);
  const dropped = ids.map(([id]) => `drop user.customids.${id.toLowerCase()}`);
  const made: Readonly<Record<string, readonly string[]>> = {
    ...REDACTED,
    [`unitId ${field} ${value}`]: [...dropped, 'drop user.customids', 'drop user'],
    [`key ${field} ${value}`]: [`drop metadata.${field?.toLowerCase()}`, 'drop metadata', 'hash metadata'],
  };
  const makers = made[[what, ...(field === null ? [] : [field]), value].join(' ')] ?? [];
  const [rule] = Object.entries(privacy.redact).filter(([ofPath, ofAction]) =>
    makers.includes(`${ofAction} ${ofPath.toLowerCase()}`),
  );
  if (rule === undefined) return null;
  const [path, action] = rule;
  return {
    case: 'redacted',
    title: `; the configuration has ${action} for ${path}`,
    detail: deployedAt === null ? '' : `The stack was deployed last at ${deployedAt}`,
    reason: null,
  };
}
