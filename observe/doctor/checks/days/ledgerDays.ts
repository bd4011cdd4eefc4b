import { s3LastListings } from '../../../../lib/aws/s3Ledger.ts';
import { mapLimit } from '../../../../lib/base/concurrency.ts';
import { SluiceError } from '../../../../lib/base/errors.ts';
import { addDays, type UtcDay, utcDay } from '../../../../lib/base/time.ts';
import { summarizeLeftOut } from '../../../../lib/drops/lastLoad.ts';
import { ATHENA_STUCK_MS } from '../../../../lib/drops/limits.ts';
import { lookbackDays } from '../../../../lib/drops/plan/decideDay.ts';
import type { LastListing } from '../../../../lib/drops/plan/planSources.ts';
import type { Dataset, Source } from '../../../../lib/schema/sources.ts';
import { exportPlace, type ReceiptNote } from '../../../../lib/tables/ledgerKeys.ts';
import { sluiceCommand } from '../../../commands.ts';
import { explainAwsError } from '../../../explainAwsError.ts';
import { readLateDays, readWaitingReceipts } from '../../../ingest/datasetStatus.ts';
import { type LedgerDay, readLedgerDays } from '../../../ingest/readLedgerDays.ts';
import type { DoctorContext } from '../../DoctorContext.ts';
import { CheckImpossible, type Finding, finding } from '../../findings.ts';
import type { Check } from '../../runChecks.ts';

const HOUR_MS = 3_600_000;
/** Milliseconds after which a listing is too old: the interval of the schedule, the time for retries, and a margin. */
const OLD_AFTER_MS = { daily: 26 * HOUR_MS, hourly: 3 * HOUR_MS } as const;
/** Notes of the plan that are read in parallel. */
const PARALLEL = 16;

/**
 * What the functions recorded in the ledger about customers' buckets: those buckets allow the functions, not the
 * doctor's caller.
 */
export const sources: Check = {
  name: 'sources',
  expects:
    'each dataset of `sources` was listed on schedule and has files, none of them late, and no day of its lookback failed or is stuck in Athena',
  needs: ['bucket'],
  blocks: [],
  codes: [
    'SLUICE_DOCTOR_SOURCE_UNREADABLE',
    'SLUICE_DOCTOR_SOURCE_UNSEEN',
    'SLUICE_DOCTOR_SOURCE_STOPPED',
    'SLUICE_DOCTOR_SOURCE_LATE',
    'SLUICE_DOCTOR_LOAD_FAILED',
    'SLUICE_DOCTOR_LOAD_STUCK',
    'SLUICE_DOCTOR_FILES_LEFT_OUT',
    'SLUICE_DOCTOR_RECEIPTS_WAITING',
  ],
  permissions: ['s3:GetObject', 's3:ListBucket', 'kms:Decrypt'],
  async run(doctor) {
    const [config, { s3 }, now] = await Promise.all([doctor.config(), doctor.clients(), doctor.now()]);
    const datasets = config.sources.flatMap((source) =>
      source.datasets.map((dataset) => ({ source, dataset })),
    );
    const place = await doctor.place();
    const explain = (source: string, dataset: string) => (day: UtcDay) =>
      sluiceCommand(place, ['ingest', 'explain', '--source', source, '--dataset', dataset, '--day', day]);
    const listings = s3LastListings(s3, config.bucket);
    return askLedger(doctor, async () => {
      const seen = await mapLimit(datasets, PARALLEL, ({ source, dataset }) =>
        listings.read(source.name, dataset.name),
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
      const receipts = await mapLimit(datasets, PARALLEL, (one) => readWaitingReceipts({ s3, config }, one));
      return datasets.flatMap(({ source, dataset }, i) => [
        ...judgeListing(source, dataset, seen[i] ?? null, now),
        ...(late[i] ?? []).map(({ day, due }) =>
          finding(
            'SLUICE_DOCTOR_SOURCE_LATE',
            `${source.name}/${dataset.name} ${day}: expected by ${new Date(due).toISOString()}.`,
          ),
        ),
        ...failedDaysFinding(
          'SLUICE_DOCTOR_LOAD_FAILED',
          `${source.name}/${dataset.name}`,
          days[i] ?? [],
          explain(source.name, dataset.name),
        ),
        ...stuckFindings(
          `${source.name}/${dataset.name}`,
          days[i] ?? [],
          now,
          explain(source.name, dataset.name),
        ),
        ...leftOutFinding(
          `${source.name}/${dataset.name}`,
          days[i] ?? [],
          explain(source.name, dataset.name),
        ),
        ...receiptsFinding(`${source.name}/${dataset.name}`, receipts[i] ?? []),
      ]);
    });
  },
};

/** A finding for each day that Athena has not ended in its time. */
function stuckFindings(
  of: string,
  days: readonly LedgerDay[],
  now: number,
  explain: (day: UtcDay) => string,
): readonly Finding[] {
  return days.flatMap(({ day, entry }) => {
    const { step, startedAt = now, execution = 'none' } = entry?.athena ?? {};
    if (step === undefined || now - startedAt <= ATHENA_STUCK_MS) return [];
    const since = new Date(startedAt).toISOString();
    return [
      finding(
        'SLUICE_DOCTOR_LOAD_STUCK',
        `${of} ${day}: since ${since}, step ${step}, execution ${execution}.`,
        [explain(day)],
      ),
    ];
  });
}

/** A finding for receipts that failed; it names the latest day. One that was never tried belongs to a load under way. */
function receiptsFinding(of: string, notes: readonly ReceiptNote[]): readonly Finding[] {
  const failed = notes.filter(({ why }) => why !== 'new');
  const last = failed.at(-1);
  if (last === undefined) return [];
  const more =
    failed.length === 1 ? '' : `; and ${failed.length - 1} other ${failed.length === 2 ? 'day' : 'days'}`;
  return [
    finding(
      'SLUICE_DOCTOR_RECEIPTS_WAITING',
      `${of}: ${last.day} to the ${last.to.join(' and the ')}: ${last.why}${more}.`,
    ),
  ];
}

/** A finding for days that were loaded without some of their objects; it names the latest day. */
function leftOutFinding(
  of: string,
  days: readonly LedgerDay[],
  explain: (day: UtcDay) => string,
): readonly Finding[] {
  const left = days.flatMap(({ day, entry }) => {
    const { count, words } = entry === null ? { count: 0, words: '' } : summarizeLeftOut(entry);
    return count === 0 ? [] : [{ day, words }];
  });
  const youngest = left.at(-1);
  if (youngest === undefined) return [];
  const more =
    left.length === 1 ? '' : `; and ${left.length - 1} other ${left.length === 2 ? 'day' : 'days'}`;
  const { day, words } = youngest;
  return [finding('SLUICE_DOCTOR_FILES_LEFT_OUT', `${of}: ${day} ${words}${more}.`, [explain(day)])];
}

function judgeListing(
  { name, bucket }: Pick<Source, 'name' | 'bucket'>,
  dataset: Pick<Dataset, 'name' | 'folder' | 'schedule' | 'lookbackDays'>,
  listing: LastListing | null,
  now: number,
): Finding[] {
  const of = `${name}/${dataset.name}`;
  const folder = `s3://${bucket}/${dataset.folder}/`;
  if (listing === null) return [finding('SLUICE_DOCTOR_SOURCE_UNSEEN', `${of}: never, ${dataset.schedule}.`)];
  const at = new Date(listing.at).toISOString();
  const found =
    now - listing.at > OLD_AFTER_MS[dataset.schedule]
      ? [finding('SLUICE_DOCTOR_SOURCE_UNSEEN', `${of}: ${at}, ${dataset.schedule}.`)]
      : [];
  if (listing.failure !== undefined) {
    const { code, message } = listing.failure;
    found.push(finding('SLUICE_DOCTOR_SOURCE_UNREADABLE', `${of}, ${folder}, ${at}: ${code}: ${message}`));
  }
  if (listing.stopped)
    found.push(
      finding(
        'SLUICE_DOCTOR_SOURCE_STOPPED',
        `${of}: ${folder} had no files for today and ${dataset.lookbackDays} days before, ${at}.`,
      ),
    );
  return found;
}

/** What the export recorded in the ledger: the customer's bucket allows the export function, not the doctor. */
export const exportedDays: Check = {
  name: 'exports',
  expects: 'no day of the lookback of `exports` failed to be written',
  needs: ['bucket'],
  blocks: [],
  codes: ['SLUICE_DOCTOR_EXPORT_FAILED'],
  permissions: ['s3:GetObject', 's3:ListBucket', 'kms:Decrypt'],
  async run(doctor) {
    const [config, { s3 }, now] = await Promise.all([doctor.config(), doctor.clients(), doctor.now()]);
    const [today, place] = [utcDay(now), await doctor.place()];
    const wanted = config.exports.map((one) =>
      Array.from({ length: one.lookbackDays }, (_, i) =>
        exportPlace(one, addDays(today, i - one.lookbackDays)),
      ),
    );
    return askLedger(doctor, async () => {
      const days = await readLedgerDays({ s3, config }, wanted);
      return config.exports.flatMap(({ name, target }, i) =>
        failedDaysFinding(
          'SLUICE_DOCTOR_EXPORT_FAILED',
          `${name}, s3://${target.bucket}/`,
          days[i] ?? [],
          () => sluiceCommand(place, ['export', 'status', '--export', name]),
        ),
      );
    });
  },
};

/**
 * Reads the ledger for a check.
 *
 * @throws CheckImpossible when reading is denied, or an entry is not valid; other errors of AWS.
 */
export function askLedger<Result>(
  doctor: Pick<DoctorContext, 'ask'>,
  read: () => Promise<Result>,
): Promise<Result> {
  return doctor.ask('s3:GetObject', async () => {
    try {
      return await read();
    } catch (error) {
      if (!(error instanceof SluiceError)) throw error;
      // An error of AWS is in the cause. Without one, the entry is not valid.
      if (explainAwsError(error.cause) !== undefined) throw error.cause;
      throw new CheckImpossible(finding('SLUICE_DOCTOR_FAILED', `${error.code}: ${error.message}`));
    }
  });
}

/** Days that a finding names. */
const SHOWN = 3;

/** A finding for days that failed, the latest first; none if no day failed. */
function failedDaysFinding(
  code: 'SLUICE_DOCTOR_LOAD_FAILED' | 'SLUICE_DOCTOR_EXPORT_FAILED',
  subject: string,
  days: readonly LedgerDay[],
  explain: (day: UtcDay) => string,
): readonly Finding[] {
  const failed = days.filter(({ entry }) => entry?.state === 'failed').toReversed();
  if (failed.length === 0) return [];
  const shown = failed
    .slice(0, SHOWN)
    .map(({ day, entry }) => `${day} ${entry?.failure?.code ?? 'failed'}`)
    .join(', ');
  const more = failed.length > SHOWN ? ` and ${failed.length - SHOWN} more` : '';
  const [{ day: latest } = { day: '' }] = failed;
  return [finding(code, `${subject}: ${shown}${more}.`, [explain(latest)])];
}
