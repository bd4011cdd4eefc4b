import { defineErrorFamily } from '../../lib/base/errors.ts';
import type { UtcDay } from '../../lib/base/time.ts';
import { SourceError } from '../../lib/drops/CustomerBucket.ts';
import type { PlanRequestInput } from '../../lib/drops/plan/messageBodies.ts';
import type { Config } from '../../lib/schema/config.ts';
import type { Dataset, Source } from '../../lib/schema/sources.ts';
import { type OpenDeployment, openDeployment } from '../aws/openDeployment.ts';
import { type CommandLine, textOption } from '../terminal/commandLine.ts';

/** Errors of `sluice ingest`. */
export const IngestCommandError = defineErrorFamily('user', {
  SLUICE_INGEST_NO_SOURCES: {
    cause: 'sluice.config.ts has no source or dataset of this name.',
    cure: 'Compare --source and --dataset with `sources` in sluice.config.ts; SLUICE_CONFIG names another file.',
  },
  SLUICE_INGEST_DAY_UNKNOWN: {
    cause: 'The ledger has no entry for this day.',
    cure: 'If its folder has files, `sluice ingest run` loads days of the lookback, `sluice ingest backfill` any day.',
  },
  SLUICE_INGEST_REFUSED: {
    cause: 'AWS denied a call.',
    cure: "Read the detail. Is the stage deployed with these sources, and may your credentials read the bucket's ledger/ and send to its queue?",
  },
});

/** What the actions of `sluice ingest` work with. */
export interface OpenIngest extends OpenDeployment {
  /** The datasets of `--source` and `--dataset`; all without them. Never empty. */
  readonly datasets: readonly { readonly source: Source; readonly dataset: Dataset }[];
}

/**
 * Opens the deployment and datasets of a command line, and closes them after the work.
 *
 * @throws IngestCommandError SLUICE_INGEST_NO_SOURCES, SLUICE_INGEST_REFUSED; AwsAccessError; ConfigError.
 */
export function openIngest<Result>(
  line: CommandLine,
  work: (ingest: OpenIngest) => Promise<Result>,
): Promise<Result> {
  return openDeployment(
    line,
    // An error of a customer's bucket explains itself better.
    (detail, error) =>
      error instanceof SourceError
        ? error
        : new IngestCommandError('SLUICE_INGEST_REFUSED', detail, { cause: error }),
    async (open) =>
      work({
        ...open,
        datasets: namedDatasets(open.config, textOption(line, 'source'), textOption(line, 'dataset')),
      }),
  );
}

function namedDatasets({ sources }: Config, source: string | undefined, dataset: string | undefined) {
  const all = sources.flatMap((one) => one.datasets.map((each) => ({ source: one, dataset: each })));
  const found = all.filter(
    (one) =>
      (source === undefined || one.source.name === source) &&
      (dataset === undefined || one.dataset.name === dataset),
  );
  if (found.length > 0) return found;
  const known = all.map((one) => `${one.source.name}/${one.dataset.name}`).join(', ');
  throw new IngestCommandError(
    'SLUICE_INGEST_NO_SOURCES',
    known === '' ? 'It has no datasets.' : `It has ${known}.`,
  );
}

/** Days of one request: one run of the plan function can list them within its timeout. */
const DAYS_A_REQUEST = 31;

/** Requests to load days again, some days each. */
export function backfillRequests(
  place: { readonly source: string; readonly dataset: string },
  days: readonly UtcDay[],
): readonly PlanRequestInput[] {
  const requests: PlanRequestInput[] = [];
  for (let from = 0; from < days.length; from += DAYS_A_REQUEST) {
    requests.push({
      sluice: 'plan',
      sources: [place.source],
      datasets: [place.dataset],
      days: days.slice(from, from + DAYS_A_REQUEST),
      asked: 'backfill',
    });
  }
  return requests;
}
