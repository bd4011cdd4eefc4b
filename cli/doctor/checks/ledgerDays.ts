import { s3LastLooks } from '../../../lib/aws/s3Ledger.ts';
import { mapLimit } from '../../../lib/base/concurrency.ts';
import { SluiceError } from '../../../lib/base/errors.ts';
import { addDays, utcDay } from '../../../lib/base/time.ts';
import { leftOutOf } from '../../../lib/drops/lastLoad.ts';
import { lookbackDays } from '../../../lib/drops/plan/decideDay.ts';
import type { LastLook } from '../../../lib/drops/plan/planSources.ts';
import type { Dataset, Source } from '../../../lib/schema/sources.ts';
import { exportPlace } from '../../../lib/tables/ledgerKeys.ts';
import { explainAwsError } from '../../aws/explainAwsError.ts';
import { type LedgerDay, readLedgerDays } from '../../aws/readLedgerDays.ts';
import { readLateDays } from '../../ingest/datasetStatus.ts';
import type { DoctorContext } from '../DoctorContext.ts';
import { CheckImpossible, type Finding, finding } from '../findings.ts';
import type { Check } from '../runChecks.ts';

const HOUR_MS = 3_600_000;
/** Milliseconds after which a look is an old one: the schedule's interval, the time it is tried for, and some to spare. */
const OLD_AFTER_MS = { daily: 26 * HOUR_MS, hourly: 3 * HOUR_MS } as const;
/** Notes of the plan that are read side by side. */
const PARALLEL = 16;

/**
 * What the functions found out about customers' buckets, as they left it in the ledger: buckets let the functions in, not
 * whoever runs the doctor, who could not tell what they can.
 */
export const sources: Check = {
  name: 'sources',
  expects:
    'each dataset of `sources` was looked at in time, could be listed, has files, none of them late, and no day of its lookback failed',
  needs: ['bucket'],
  blocks: [],
  codes: [
    'SLUICE_DOCTOR_SOURCE_UNREADABLE',
    'SLUICE_DOCTOR_SOURCE_UNSEEN',
    'SLUICE_DOCTOR_SOURCE_STOPPED',
    'SLUICE_DOCTOR_SOURCE_LATE',
    'SLUICE_DOCTOR_LOAD_FAILED',
    'SLUICE_DOCTOR_FILES_LEFT_OUT',
  ],
  permissions: ['s3:GetObject', 's3:ListBucket', 'kms:Decrypt'],
  async run(doctor) {
    const [config, { s3 }, now] = await Promise.all([doctor.config(), doctor.clients(), doctor.now()]);
    const datasets = config.sources.flatMap((source) =>
      source.datasets.map((dataset) => ({ source, dataset })),
    );
    const looks = s3LastLooks(s3, config.bucket);
    return askLedger(doctor, async () => {
      const seen = await mapLimit(datasets, PARALLEL, ({ source, dataset }) =>
        looks.read(source.name, dataset.name),
      );
      const days = await readLedgerDays(
        { s3, config },
        datasets.map(({ source, dataset }) =>
          lookbackDays(now, dataset.timezone, dataset.lookbackDays).map((day) => ({
            source: source.name,
            dataset: dataset.name,
            day,
          })),
        ),
      );
      const late = await readLateDays({ s3, config }, datasets);
      return datasets.flatMap(({ source, dataset }, i) => [
        ...judgeLook(source, dataset, seen[i] ?? null, now),
        ...(late[i] ?? []).map(({ day, due }) =>
          finding(
            'SLUICE_DOCTOR_SOURCE_LATE',
            `${source.name}/${dataset.name} ${day}: expected by ${new Date(due).toISOString()}.`,
          ),
        ),
        ...failedDaysFinding('SLUICE_DOCTOR_LOAD_FAILED', `${source.name}/${dataset.name}`, days[i] ?? []),
        ...leftOutFinding(`${source.name}/${dataset.name}`, days[i] ?? []),
      ]);
    });
  },
};

/** A finding of the days that were loaded without some of their objects, the youngest by name. */
function leftOutFinding(of: string, days: readonly LedgerDay[]): readonly Finding[] {
  const left = days.flatMap(({ day, entry }) => {
    const { count, words } = entry === null ? { count: 0, words: '' } : leftOutOf(entry);
    return count === 0 ? [] : [`${day} ${words}`];
  });
  const youngest = left.at(-1);
  if (youngest === undefined) return [];
  const more =
    left.length === 1 ? '' : `; so did ${left.length - 1} other ${left.length === 2 ? 'day' : 'days'}`;
  return [finding('SLUICE_DOCTOR_FILES_LEFT_OUT', `${of}: ${youngest}${more}.`)];
}

function judgeLook(
  { name, bucket }: Pick<Source, 'name' | 'bucket'>,
  dataset: Pick<Dataset, 'name' | 'folder' | 'schedule' | 'lookbackDays'>,
  look: LastLook | null,
  now: number,
): Finding[] {
  const of = `${name}/${dataset.name}`;
  const folder = `s3://${bucket}/${dataset.folder}/`;
  if (look === null) return [finding('SLUICE_DOCTOR_SOURCE_UNSEEN', `${of}: never, ${dataset.schedule}.`)];
  const at = new Date(look.at).toISOString();
  const found =
    now - look.at > OLD_AFTER_MS[dataset.schedule]
      ? [finding('SLUICE_DOCTOR_SOURCE_UNSEEN', `${of}: ${at}, ${dataset.schedule}.`)]
      : [];
  if (look.failure !== undefined) {
    const { code, message } = look.failure;
    found.push(finding('SLUICE_DOCTOR_SOURCE_UNREADABLE', `${of}, ${folder}, ${at}: ${code}: ${message}`));
  }
  if (look.stopped)
    found.push(
      finding(
        'SLUICE_DOCTOR_SOURCE_STOPPED',
        `${of}: ${folder} had none of today and ${dataset.lookbackDays} days before, ${at}.`,
      ),
    );
  return found;
}

/** What became of the days that are exported, as the export left it in the ledger: it is let in, not the doctor. */
export const exportedDays: Check = {
  name: 'exports',
  expects: 'no day of the lookback of `exports` failed to be written',
  needs: ['bucket'],
  blocks: [],
  codes: ['SLUICE_DOCTOR_EXPORT_FAILED'],
  permissions: ['s3:GetObject', 's3:ListBucket', 'kms:Decrypt'],
  async run(doctor) {
    const [config, { s3 }, now] = await Promise.all([doctor.config(), doctor.clients(), doctor.now()]);
    const today = utcDay(now);
    const wanted = config.exports.map((one) =>
      Array.from({ length: one.lookbackDays }, (_, i) =>
        exportPlace(one, addDays(today, i - one.lookbackDays)),
      ),
    );
    return askLedger(doctor, async () => {
      const days = await readLedgerDays({ s3, config }, wanted);
      return config.exports.flatMap(({ name, target }, i) =>
        failedDaysFinding('SLUICE_DOCTOR_EXPORT_FAILED', `${name}, s3://${target.bucket}/`, days[i] ?? []),
      );
    });
  },
};

/**
 * Reads of the ledger what a check wants to know.
 *
 * @throws CheckImpossible when reading is refused, or an entry can't be understood; what AWS answered otherwise.
 */
function askLedger<Result>(doctor: Pick<DoctorContext, 'ask'>, read: () => Promise<Result>): Promise<Result> {
  return doctor.ask('s3:GetObject', async () => {
    try {
      return await read();
    } catch (error) {
      if (!(error instanceof SluiceError)) throw error;
      // What AWS said is in the cause; without such a one it is the entry that is wrong.
      if (explainAwsError(error.cause) !== undefined) throw error.cause;
      throw new CheckImpossible(finding('SLUICE_DOCTOR_FAILED', `${error.code}: ${error.message}`));
    }
  });
}

/** Days that a finding names; the ledger has them all. */
const SHOWN = 3;

/** A finding of the days that failed, the youngest first; none where all went well. */
function failedDaysFinding(
  code: 'SLUICE_DOCTOR_LOAD_FAILED' | 'SLUICE_DOCTOR_EXPORT_FAILED',
  subject: string,
  days: readonly LedgerDay[],
): readonly Finding[] {
  const failed = days.filter(({ entry }) => entry?.state === 'failed').toReversed();
  if (failed.length === 0) return [];
  const shown = failed
    .slice(0, SHOWN)
    .map(({ day, entry }) => `${day} ${entry?.failure?.code ?? 'failed'}`)
    .join(', ');
  const more = failed.length > SHOWN ? ` and ${failed.length - SHOWN} more` : '';
  return [finding(code, `${subject}: ${shown}${more}.`)];
}
