import { ListObjectsV2Command } from '@aws-sdk/client-s3';
import { isOwnKey, RELAY_FOLDER } from '../../../lib/tables/objectKeys.ts';
import { sluiceCommand } from '../../commands.ts';
import { readServedFaults, type ServedFaults } from '../../facts/days/curationState.ts';
import type { FactPart } from '../../facts/statusFacts.ts';
import { type Finding, type FindingCode, finding } from '../../findings/catalogue.ts';
import { askStored, checkEach } from '../askAws.ts';
import type { DoctorContext } from '../DoctorContext.ts';
import type { Check } from '../runChecks.ts';

/** A check of which `sluice status` reads and judges all or most: the doctor takes its findings from there. */
interface CheapCheck extends Omit<Check, 'run' | 'blocks'> {
  /** Parts that have to be readable for it. */
  readonly parts: readonly FactPart[];
  /** Codes of what only the doctor looks for, and how. */
  readonly more?: {
    readonly codes: readonly FindingCode[];
    readonly find: (doctor: DoctorContext) => Promise<readonly Finding[]>;
  };
}

function cheap({ parts, more, codes, ...check }: CheapCheck): Check {
  return {
    ...check,
    codes: [...codes, ...(more?.codes ?? [])],
    blocks: [],
    async run(doctor) {
      const { problems, unknown } = await doctor.status();
      const found = [
        ...unknown
          .filter(({ part }) => parts.includes(part))
          .map(({ part, why }) =>
            finding(
              'SLUICE_STATUS_UNREADABLE',
              `${part}: ${why}`,
              [],
              // Other checks find what keeps Athena from answering.
              part === 'the tables' ? 'unchecked' : 'problem',
            ),
          ),
        ...problems.filter(({ code }) => codes.includes(code)),
      ];
      if (more === undefined) return found;
      const others = await checkEach(
        [more.find],
        (find) => find(doctor),
        (impossible) => impossible.finding,
      );
      return [...found, ...others];
    },
  };
}

/** Whether an alarm is on, and whether alarms notify somebody. */
export const alarms = cheap({
  name: 'alarms',
  expects: 'no alarm is on, and the alarms notify somebody',
  needs: ['stack'],
  parts: ['the alarms'],
  codes: ['SLUICE_STATUS_ALARM', 'SLUICE_STATUS_NO_TOPIC'],
  permissions: ['cloudwatch:DescribeAlarms'],
});

/** The requests of the last hour. */
export const requests = cheap({
  name: 'requests',
  expects:
    'a key may send events, requests of the last hour were not refused or answered 503, traffic has not stopped, and no faults are set in the local cloud',
  needs: ['stack', 'bucket'],
  parts: ['the last hour', 'refused requests', 'the keys', 'the last event'],
  codes: [
    'SLUICE_STATUS_NO_KEY',
    'SLUICE_STATUS_REFUSED',
    'SLUICE_STATUS_NOT_STORED',
    'SLUICE_STATUS_SILENT',
    'SLUICE_STATUS_FAULTS',
  ],
  permissions: [
    'cloudwatch:GetMetricData',
    'logs:FilterLogEvents',
    's3:ListBucket',
    'secretsmanager:GetSecretValue',
  ],
});

/** Whether the stream delivers in time, and is near its quota. */
export const stream = cheap({
  name: 'stream',
  expects:
    'the stream is neither late nor near its quota: Firehose drops after 24 hours what it cannot deliver',
  needs: ['stack'],
  parts: ['the stream'],
  codes: ['SLUICE_STATUS_STREAM_LATE', 'SLUICE_STATUS_QUOTA_NEAR'],
  permissions: ['cloudwatch:GetMetricData', 'cloudformation:ListStackResources'],
});

/** Rows that the writer has not written, and rows that it parked. */
export const waiting = cheap({
  name: 'waiting',
  expects: 'no rows are parked, and none wait for long in the landing',
  needs: ['bucket'],
  parts: ['landing/', 'parked/'],
  codes: ['SLUICE_STATUS_LANDING_LATE', 'SLUICE_STATUS_PARKED', 'SLUICE_STATUS_UNKNOWN_KEYS'],
  permissions: ['s3:ListBucket', 's3:GetObject'],
});

/** Rows that entered quarantine within 24 hours. */
export const quarantine = cheap({
  name: 'quarantine',
  expects: 'nothing that was received within 24 hours is in quarantine',
  needs: ['database'],
  parts: ['the tables'],
  codes: ['SLUICE_STATUS_QUARANTINED'],
  permissions: ['athena:StartQueryExecution', 'athena:GetQueryExecution', 'athena:GetQueryResults'],
});

/** Copies that relay has not delivered or has left behind. Another check covers its queues. */
export const relay = cheap({
  name: 'relay',
  expects:
    'the target of relay has refused nothing, no copy has waited for an hour, and without `relay` no copies are left',
  needs: ['bucket'],
  parts: ['relay'],
  codes: ['SLUICE_STATUS_RELAY_REFUSED', 'SLUICE_DOCTOR_RELAY_LATE'],
  more: { codes: ['SLUICE_DOCTOR_RELAY_LEFT'], find: findLeft },
  permissions: ['s3:ListBucket', 'sqs:GetQueueUrl', 'sqs:GetQueueAttributes', 'cloudwatch:GetMetricData'],
});

/** Objects that nothing delivers or deletes any more. */
async function findLeft(doctor: DoctorContext): Promise<readonly Finding[]> {
  const [{ s3 }, config] = [await doctor.clients(), await doctor.config()];
  if (config.relay !== undefined) return [];
  const { Contents = [], IsTruncated = false } = await doctor.ask('s3:ListBucket', () =>
    s3.send(new ListObjectsV2Command({ Bucket: config.bucket, Prefix: RELAY_FOLDER })),
  );
  const left = Contents.filter(({ Key = '/' }) => !Key.endsWith('/') && isOwnKey(config, Key)).length;
  if (left === 0) return [];
  const detail = `${RELAY_FOLDER}: ${IsTruncated ? 'at least ' : ''}${left === 1 ? '1 copy' : `${left} copies`}.`;
  return [
    finding('SLUICE_DOCTOR_RELAY_LEFT', detail, [
      sluiceCommand(await doctor.target(), ['relay', 'erase', '--all', '--dry-run']),
    ]),
  ];
}

/** The functions' records about customers' buckets: those buckets allow the functions, not the doctor's caller. */
export const sources = cheap({
  name: 'sources',
  expects:
    'each dataset of `sources` was listed on schedule and has files, none of them late, and no day of its lookback failed or is stuck in Athena',
  needs: ['bucket'],
  parts: ['the drops'],
  codes: [
    'SLUICE_DOCTOR_SOURCE_UNREADABLE',
    'SLUICE_STATUS_INGEST_LATE',
    'SLUICE_STATUS_INGEST_FAILED',
    'SLUICE_DOCTOR_LOAD_STUCK',
    'SLUICE_DOCTOR_FILES_LEFT_OUT',
    'SLUICE_DOCTOR_RECEIPTS_WAITING',
  ],
  permissions: ['s3:GetObject', 's3:ListBucket', 'kms:Decrypt'],
});

/** The export's records in the ledger: the customer's bucket allows the export function, not the doctor. */
export const exportedDays = cheap({
  name: 'exports',
  expects: 'no day of the lookback of `exports` failed to be written',
  needs: ['bucket'],
  parts: ['the exports'],
  codes: ['SLUICE_STATUS_EXPORT_FAILED'],
  permissions: ['s3:GetObject', 's3:ListBucket', 'kms:Decrypt'],
});

/**
 * The days of curated tables, by the ledger, the lists that views read, and the views' texts. Without `curate: true` there is
 * nothing to check.
 */
export const curatedDays = cheap({
  name: 'curated-days',
  expects:
    'with `curate: true`, days are queued on time, none of them failed, and views read no day whose raw files have changed or whose curated files are gone',
  needs: ['bucket', 'database'],
  parts: ['the curated days'],
  codes: ['SLUICE_STATUS_CURATE_FAILED', 'SLUICE_STATUS_CURATE_LATE'],
  more: { codes: ['SLUICE_DOCTOR_CURATE_STALE'], find: findServedFaults },
  permissions: ['s3:GetObject', 's3:ListBucket', 'glue:GetTable', 'kms:Decrypt'],
});

async function findServedFaults(doctor: DoctorContext): Promise<readonly Finding[]> {
  if (!(await doctor.config()).curate) return [];
  const [deployment, options] = [await doctor.deployment(), await doctor.target()];
  const faults = await askStored(doctor, () => readServedFaults(deployment));
  return faults.flatMap((one) => judgeServed(one, options));
}

function judgeServed({ kind, table, stale, gone }: ServedFaults, options: readonly string[]): Finding[] {
  const [from = ''] = gone;
  const command = (action: 'run' | 'rebuild', ...more: readonly string[]) =>
    sluiceCommand(options, ['curate', action, '--table', kind, ...more]);
  return [
    ...(stale.length === 0
      ? []
      : [
          finding('SLUICE_DOCTOR_CURATE_STALE', `${table}, changed since: ${listed(stale)}.`, [
            command('run'),
          ]),
        ]),
    ...(gone.length === 0
      ? []
      : [
          finding('SLUICE_DOCTOR_CURATE_STALE', `${table}, without files: ${listed(gone)}.`, [
            command('rebuild', '--from', from, '--to', gone.at(-1) ?? from),
          ]),
        ]),
  ];
}

/** Days that a finding names. */
const SHOWN = 3;

function listed(days: readonly string[]): string {
  const more = days.length - SHOWN;
  return `${days.slice(0, SHOWN).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
