import { defineErrorFamily } from '../../lib/base/errors.ts';
import { groupsKey } from '../../lib/tables/tableFolders.ts';
import { explainAwsError } from '../aws/explainAwsError.ts';
import type { RedriveReport } from '../redrive/redriveQuarantine.ts';
import {
  assertNoArguments,
  assertOrder,
  type Command,
  type CommandLine,
  dayOption,
  didYouMean,
  placeOptions,
  textOption,
  UsageError,
} from '../terminal/commandLine.ts';
import { errorObject, errorText } from '../terminal/errors.ts';
import { textTable, writeJson, writeNote, writeOut } from '../terminal/output.ts';

/** `sluice redrive`: validates quarantined events again, by reason, and delivers those that pass. */
export const redrive: Command = {
  name: 'redrive',
  summary: 'Validate quarantined events again, by reason, and deliver those that pass now.',
  usage:
    'sluice redrive --reason CODE [--from DAY] [--to DAY] [--dry-run] [--local] [--stage NAME] [options]',
  options: {
    reason: { type: 'string', help: 'the reason, e.g. SLUICE_FIREHOSE_SCHEMA_MISMATCH (docs/quarantine.md)' },
    from: { type: 'string', help: 'first day on which they were received, YYYY-MM-DD (default: all)' },
    to: { type: 'string', help: 'last day on which they were received (default: all)' },
    'dry-run': { type: 'boolean', help: 'only print what would be delivered' },
    ...placeOptions,
    json: { type: 'boolean', help: 'print one object' },
  },
  examples: [
    'sluice redrive --reason SLUICE_EVENT_KIND_NOT_ALLOWED --from 2026-11-18 --dry-run',
    'sluice redrive --reason SLUICE_FIREHOSE_SCHEMA_MISMATCH --stage prod',
  ],
  async run(line) {
    assertNoArguments(line.positionals);
    const from = dayOption(line, 'from') ?? '0001-01-01';
    const to = dayOption(line, 'to') ?? '9999-12-31';
    assertOrder(from, to);
    const { isQuarantineReason, quarantineReasons } = await import('../../lib/landing/quarantineReasons.ts');
    const reason = textOption(line, 'reason') ?? '';
    if (reason === '')
      throw new UsageError(
        'SLUICE_USAGE_OPTIONS',
        '--reason: expected the code of a reason, as in the column `reason` of the quarantine table. docs/quarantine.md lists them.',
      );
    if (!isQuarantineReason(reason)) {
      const known = Object.keys(quarantineReasons);
      throw new UsageError(
        'SLUICE_USAGE_OPTIONS',
        `--reason: ${JSON.stringify(reason)} is not a reason.${didYouMean(reason, known) || ' docs/quarantine.md lists them.'}`,
      );
    }
    const dryRun = line.values['dry-run'] === true;
    const report = await run(line, { reason, from, to }, dryRun);
    const failed = Object.keys(report.failed);
    const incomplete =
      failed.length === 0
        ? undefined
        : new RedriveCommandError('SLUICE_REDRIVE_INCOMPLETE', failed.join(', '));
    if (line.values['json'] === true) {
      const error = incomplete === undefined ? {} : { error: errorObject(incomplete) };
      writeJson({ reason, dryRun, ...report, ...error });
    } else {
      writeOut(textTable(rows(report, dryRun)));
    }
    if (incomplete !== undefined) {
      writeNote(errorText(incomplete));
      return 1;
    }
    return Object.keys(report.refused).length > 0 ? 3 : 0;
  },
};

async function run(
  line: CommandLine,
  wanted: Parameters<typeof import('../redrive/readQuarantine.ts')['readQuarantine']>[2],
  dryRun: boolean,
): Promise<RedriveReport> {
  const [
    { FirehoseClient },
    { S3Client },
    { streamName },
    { deploymentPlace },
    { firehosePutRecordBatch },
    { s3Groups },
    { readKnownGroups },
    { revalidator },
    { readQuarantine },
    { redriveQuarantine },
  ] = await Promise.all([
    import('@aws-sdk/client-firehose'),
    import('@aws-sdk/client-s3'),
    import('../../infra/streams/streams.ts'),
    import('../aws/deploymentPlace.ts'),
    import('../../lib/aws/firehosePutRecordBatch.ts'),
    import('../../lib/aws/s3Groups.ts'),
    import('../../lib/groups/pullGroups.ts'),
    import('../../lib/collect/revalidate.ts'),
    import('../redrive/readQuarantine.ts'),
    import('../redrive/redriveQuarantine.ts'),
  ]);
  const { config, stack, place } = await deploymentPlace(line);
  const s3 = new S3Client(place);
  // Retries are made by lib/landing/delivery's.
  const firehose = new FirehoseClient({ ...place, maxAttempts: 1 });
  const stream = (kind: 'exposures' | 'events') => firehosePutRecordBatch(firehose, streamName(stack, kind));
  try {
    return await redriveQuarantine(
      readQuarantine(s3, config, wanted),
      revalidator(config, await readKnownGroups(s3Groups(s3, config.bucket, groupsKey(config)))),
      dryRun ? null : { exposures: stream('exposures'), events: stream('events') },
    );
  } catch (error) {
    const problem = explainAwsError(error);
    if (problem === undefined) throw error;
    if (problem.kind === 'unasked') throw problem.error;
    throw new RedriveCommandError('SLUICE_REDRIVE_QUARANTINE_UNREADABLE', problem.detail, { cause: error });
  } finally {
    s3.destroy();
    firehose.destroy();
  }
}

function rows({ found, delivered, refused, ignored, failed }: RedriveReport, dryRun: boolean) {
  const landed = dryRun ? 'that would be delivered' : 'delivered';
  const lines: [string, number][] = [
    ['found in quarantine', found],
    [`exposures ${landed}`, delivered.exposures],
    [`events ${landed}`, delivered.events],
    ...Object.entries(refused).map(([code, n]): [string, number] => [`still refused: ${code}`, n]),
    ...(ignored > 0 ? [['ignored by configuration', ignored] satisfies [string, number]] : []),
    ...Object.entries(failed).map(([code, n]): [string, number] => [`not accepted: ${code}`, n]),
  ];
  return lines.map(([what, n]) => ({ what, n }));
}

/** Errors of `sluice redrive`. */
export const RedriveCommandError = defineErrorFamily('user', {
  SLUICE_REDRIVE_QUARANTINE_UNREADABLE: {
    cause: 'The rows of quarantine could not be read.',
    cure: 'Read the detail. The bucket of sluice.config.ts must exist, and your AWS credentials must allow listing and reading it.',
  },
  SLUICE_REDRIVE_INCOMPLETE: {
    cause: 'Firehose did not accept all records.',
    cure: 'Run it again when the stream accepts records. Rows that were delivered are then delivered again with the same event_id.',
  },
});
