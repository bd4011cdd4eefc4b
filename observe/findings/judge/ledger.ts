import { operateSections } from '../../../infra/alarms/sections.ts';
import { counted, listed } from '../../../lib/base/text.ts';
import { CURATED_LEDGER, EXPORTS_LEDGER } from '../../../lib/tables/ledgerKeys.ts';
import { MOST_COMMANDS } from '../../deploymentCommands.ts';
import type { StatusFacts } from '../../facts/statusFacts.ts';
import { type CaseOf, type Finding, finding } from '../catalogue.ts';
import type { Findings, Place } from './place.ts';
import { scheduleNames } from './Ringing.ts';

/** What objects of the ledger are of: sections of docs/operate.md, and the alarms that also count a damaged object. */
const DAMAGED = {
  drop: {
    section: operateSections.drops,
    alarms: ['ingest-failed', 'ingest-load-failed', 'ingest-unreadable'],
  },
  export: { section: operateSections.exports, alarms: ['export-failed'] },
  curated: { section: operateSections.curated, alarms: ['curations-failed'] },
} as const satisfies Record<CaseOf<'SLUICE_FINDING_LEDGER_DAMAGED'>, object>;

/** Begins the cure where the version before the damage is not known. */
const UNKNOWN_VERSION = {
  cause: '',
  cure: 'Where a command has VERSION_ID, put the ID of the last version before the damage there, which the command before it lists.',
} as const;

/** What an object of the ledger is of. @param key Its key. */
function damagedCase(key: string): keyof typeof DAMAGED {
  const [, source] = key.split('/');
  if (source === EXPORTS_LEDGER) return 'export';
  return source === CURATED_LEDGER ? 'curated' : 'drop';
}

/** The alarms that a damaged object explains, without the stack's name; none of any other finding. */
export function damageAlarms({ code, section }: Finding): readonly string[] {
  if (code !== 'SLUICE_FINDING_LEDGER_DAMAGED') return [];
  const damage = Object.values(DAMAGED).find((known) => known.section === section);
  return scheduleNames(damage?.alarms ?? [], 'daily', 'hourly');
}

/** Objects of the ledger that have no valid entry: a finding of drops, of exports and of curated days. */
export function* damagedEntries({ damagedEntries: all }: StatusFacts, { config, commands }: Place): Findings {
  const bucket = ['--bucket', config.bucket];
  for (const [kind, damaged] of Map.groupBy(all ?? [], ({ key }) => damagedCase(key))) {
    const key = damaged[0]?.key ?? '';
    const since = damaged.flatMap(({ writtenAt }) => writtenAt ?? []).sort();
    const texts = damaged.map((object) =>
      object.writtenAt === null
        ? `${object.key}, gone by now`
        : `${object.key}, written at ${object.writtenAt}`,
    );
    const more = damaged.length === 1 ? '' : `, and ${counted(damaged.length - 1, 'other')}`;
    const shown = damaged.slice(0, MOST_COMMANDS);
    const told = {
      case: kind,
      title: `The object ${key} of the ledger has no valid entry${more}`,
      since: since[0] ?? null,
      detail: `${listed(texts)}.`,
      ...(shown.some(({ versionBefore }) => versionBefore === null) && { reason: UNKNOWN_VERSION }),
    };
    // Versions of each, as the ID of one may be wanted.
    const repairs = shown.flatMap((object) => {
      const version = `${config.bucket}/${object.key}?versionId=${object.versionBefore ?? 'VERSION_ID'}`;
      return [
        commands.aws('s3api', 'list-object-versions', ...bucket, '--prefix', object.key),
        commands.aws('s3api', 'copy-object', ...bucket, '--key', object.key, '--copy-source', version),
      ];
    });
    const found = finding('SLUICE_FINDING_LEDGER_DAMAGED', told, repairs);
    yield { ...found, section: DAMAGED[kind].section };
  }
}
