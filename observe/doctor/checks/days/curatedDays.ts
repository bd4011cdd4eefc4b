import type { ForwardedKind } from '../../../../lib/schema/kinds.ts';
import { sluiceCommand } from '../../../commands.ts';
import type { CuratedPlace } from '../../../curate/curatedDays.ts';
import {
  type CurationState,
  readCurationState,
  readServedFaults,
  type ServedFaults,
} from '../../../curate/curationState.ts';
import type { DoctorContext } from '../../DoctorContext.ts';
import { type Finding, type FindingCode, finding } from '../../findings.ts';
import type { Check } from '../../runChecks.ts';
import { askLedger } from './ledgerDays.ts';

/**
 * The days of curated tables, by the ledger, the lists that views read, and the views' texts. Without `curate: true` there is
 * nothing to check.
 */
export const curatedDays: Check = {
  name: 'curated-days',
  expects:
    'with `curate: true`, days are queued on time, none of them failed, and views read no day whose raw files have changed or whose curated files are gone',
  needs: ['bucket', 'tables'],
  blocks: [],
  codes: [
    'SLUICE_DOCTOR_CURATE_FAILED',
    'SLUICE_DOCTOR_CURATE_LATE',
    'SLUICE_DOCTOR_CURATE_UNPLANNED',
    'SLUICE_DOCTOR_CURATE_STALE',
    'SLUICE_DOCTOR_CURATE_GONE',
    'SLUICE_DOCTOR_CURATE_LEFT_OUT',
  ],
  permissions: ['s3:GetObject', 's3:ListBucket', 'glue:GetTable', 'kms:Decrypt'],
  async run(doctor) {
    const [config, { s3, glue }, now] = await Promise.all([doctor.config(), doctor.clients(), doctor.now()]);
    if (!config.curate) return [];
    const place: CuratedPlace = {
      ...{ s3, glue, config, now },
      clock: doctor.clock,
      wait: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
      random: Math.random,
    };
    return askLedger(doctor, async () => {
      const states = await readCurationState(place);
      const faults = await readServedFaults(place);
      const say = await sluiceCommands(doctor);
      return [
        ...states.flatMap((state) => judgeState(state, say)),
        ...faults.flatMap((one) => judgeServed(one, say)),
      ];
    });
  },
};

type Say = (action: 'status' | 'run' | 'rebuild', kind: ForwardedKind, ...more: readonly string[]) => string;

/** Commands of Sluice for the deployment that is checked. */
async function sluiceCommands(doctor: DoctorContext): Promise<Say> {
  const place = await doctor.place();
  return (action, kind, ...more) => sluiceCommand(place, ['curate', action, '--table', kind, ...more]);
}

function judgeState(
  { kind, table, failed, late, unplanned, leftOut }: CurationState,
  say: Say,
): readonly Finding[] {
  const run = say('run', kind);
  const found = (code: FindingCode, days: readonly string[], commands: readonly string[]) =>
    days.length === 0 ? [] : [finding(code, `${table}: ${listed(days)}.`, commands)];
  return [
    ...found(
      'SLUICE_DOCTOR_CURATE_FAILED',
      failed.map(({ day, code }) => `${day} ${code}`),
      [say('status', kind), run],
    ),
    ...found('SLUICE_DOCTOR_CURATE_LATE', late, [run]),
    ...found('SLUICE_DOCTOR_CURATE_UNPLANNED', unplanned, [run]),
    ...(leftOut === 0
      ? []
      : [
          finding(
            'SLUICE_DOCTOR_CURATE_LEFT_OUT',
            `${table}: ${leftOut} ${leftOut === 1 ? 'day' : 'days'}.`,
            [say('status', kind)],
          ),
        ]),
  ];
}

function judgeServed({ kind, table, stale, gone }: ServedFaults, say: Say): readonly Finding[] {
  const [from = ''] = gone;
  const rebuild = say('rebuild', kind, '--from', from, '--to', gone.at(-1) ?? from);
  return [
    ...(stale.length === 0
      ? []
      : [finding('SLUICE_DOCTOR_CURATE_STALE', `${table}: ${listed(stale)}.`, [say('run', kind)])]),
    ...(gone.length === 0
      ? []
      : [finding('SLUICE_DOCTOR_CURATE_GONE', `${table}: ${listed(gone)}.`, [rebuild])]),
  ];
}

/** Days that a finding names. */
const SHOWN = 3;

function listed(days: readonly string[]): string {
  const more = days.length - SHOWN;
  return `${days.slice(0, SHOWN).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
