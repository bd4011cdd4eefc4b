import type { Config } from '../../lib/config/configSchema.ts';
import type { Dataset, Source } from '../../lib/config/sourcesSchema.ts';
import { SourceError } from '../../lib/drops/CustomerBucket.ts';
import { type OpenDeployment, openDeployment } from '../aws/openDeployment.ts';
import type { CommandLine } from '../Command.ts';
import { textOption } from '../textOption.ts';
import { IngestCommandError } from './IngestCommandError.ts';

/** What the parts of `sluice ingest` work with. */
export interface OpenIngest extends OpenDeployment {
  /** What `--source` and `--dataset` name; all without them. Never empty. */
  readonly datasets: readonly { readonly source: Source; readonly dataset: Dataset }[];
}

/**
 * Opens what a command line names, and closes it when the work is over.
 *
 * @throws IngestCommandError SLUICE_INGEST_NO_SOURCES, SLUICE_INGEST_REFUSED; AwsAccessError; ConfigError.
 */
export function openIngest<Result>(
  line: CommandLine,
  work: (ingest: OpenIngest) => Promise<Result>,
): Promise<Result> {
  return openDeployment(
    line,
    // A customer's bucket: what it refused, and what to do, is said better there.
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
    known === '' ? 'It has none at all.' : `It has ${known}.`,
  );
}
