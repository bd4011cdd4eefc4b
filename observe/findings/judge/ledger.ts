import { operateSections } from '../../../infra/alarms/sections.ts';
import { counted, listed } from '../../../lib/base/text.ts';
import { CURATED_LEDGER, EXPORTS_LEDGER } from '../../../lib/tables/ledgerKeys.ts';
import { MOST_COMMANDS } from '../../deploymentCommands.ts';
import type { DamagedEntry } from '../../facts/days/files/damagedFiles.ts';
import type { StatusFacts } from '../../facts/statusFacts.ts';
import { type CaseOf, type Finding, finding } from '../catalogue.ts';
import type { Findings, Place } from './place.ts';
import { scheduleNames } from './Ringing.ts';

/** What an object of the ledger is about. */
type DamagedKind = Exclude<CaseOf<'SLUICE_FINDING_LEDGER_DAMAGED'>, 'gone'>;

/** By the kind of an object of the ledger, the section of docs/operate.md, which no other kind has, and the alarms that also count a damaged object. */
const DAMAGED = {
  drop: {
    section: operateSections.drops,
    alarms: ['ingest-failed', 'ingest-load-failed', 'ingest-unreadable'],
  },
  export: { section: operateSections.exports, alarms: ['export-failed'] },
  curated: { section: operateSections.curated, alarms: ['curations-failed'] },
} as const satisfies Record<DamagedKind, { readonly section: string; readonly alarms: readonly string[] }>;

/** Begins the cure where S3 has no version of an object before the damage. */
const NO_VERSION = {
  cause: '',
  cure: 'S3 has no earlier version of an object that only `list-object-versions` names here. If the files that its day is made of are still there, keep a copy of that object and delete it: the next run that looks at its day then makes it as a new one, or `last-look.json` again.',
} as const;

/** After every time in ISO 8601. */
const AFTER_ALL = '9999';

/** The kind of an object of the ledger. @param key Its key. */
function damagedKind(key: string): DamagedKind {
  const [, source] = key.split('/');
  if (source === EXPORTS_LEDGER) return 'export';
  return source === CURATED_LEDGER ? 'curated' : 'drop';
}

/** The alarms that a damaged object explains, without the stack's name; none of any other finding. */
export function damageAlarms({ code, case: kind, section }: Finding): readonly string[] {
  // Entries that are gone keep no run from its work.
  if (code !== 'SLUICE_FINDING_LEDGER_DAMAGED' || kind === 'gone') return [];
  const damage = Object.values(DAMAGED).find((known) => known.section === section);
  return scheduleNames(damage?.alarms ?? [], 'daily', 'hourly');
}

/** Objects of the ledger that have no valid entry: a finding of drops, of exports and of curated days. */
export function* damagedLedger({ damagedEntries: all }: StatusFacts, { config, commands }: Place): Findings {
  const bucket = ['--bucket', config.bucket];
  for (const [kind, group] of Map.groupBy(all ?? [], ({ key }) => damagedKind(key))) {
    // The title names the one that was written first, and since when that is. Those that are gone come last.
    const [first, ...others] = group.toSorted(byWriting);
    if (first === undefined) continue;
    const damaged = [first, ...others];
    const texts = damaged.map((object) =>
      object.writtenAt === null
        ? `${object.key}, gone by now`
        : `${object.key}, written at ${object.writtenAt}`,
    );
    const more = others.length === 0 ? '' : `, and ${counted(others.length, 'other')}`;
    const shown = damaged.slice(0, MOST_COMMANDS);
    const told = {
      case: kind,
      title: `The object ${first.key} of the ledger has no valid entry${more}`,
      since: first.writtenAt,
      detail: `${listed(texts, '; ')}.`,
      ...(shown.some(hasNoVersion) && { reason: NO_VERSION }),
    };
    // The list comes first: if the version brought back is damaged, too, an earlier one is in it.
    const repairs = shown.flatMap((object) => {
      const list = commands.aws('s3api', 'list-object-versions', ...bucket, '--prefix', object.key);
      if (object.versionBefore === null) return [list];
      const version = `${config.bucket}/${object.key}?versionId=${object.versionBefore}`;
      return [
        list,
        commands.aws('s3api', 'copy-object', ...bucket, '--key', object.key, '--copy-source', version),
      ];
    });
    const found = finding('SLUICE_FINDING_LEDGER_DAMAGED', told, repairs);
    yield { ...found, section: DAMAGED[kind].section };
  }
}

/** Whether an object is there, and S3 has no version of it before the damage. */
function hasNoVersion({ writtenAt, versionBefore }: DamagedEntry): boolean {
  return writtenAt !== null && versionBefore === null;
}

/** Orders objects by when they were written, those that are gone last. */
function byWriting(one: DamagedEntry, other: DamagedEntry): number {
  return (one.writtenAt ?? AFTER_ALL).localeCompare(other.writtenAt ?? AFTER_ALL);
}
