import type { ErrorCode, ErrorEntry, ErrorFamily } from '../../lib/base/errors.ts';
// Sets the codes and cures of the emulator's errors.
import '../../local/errors.ts';

/**
 * The causes and cures of the codes that only commands, the console and the local cloud print: beside those of
 * `observe/explainCode.ts`.
 */
export async function commandErrors(): Promise<ReadonlyMap<string, ErrorEntry>> {
  const modules: readonly object[] = await Promise.all([
    import('../../console/errors.ts'),
    import('../../infra/build/BuildError.ts'),
    import('../../lib/access/printedPolicies.ts'),
    import('../../lib/wire/keys/editKeys.ts'),
    import('../../local/errors.ts'),
    import('../../observe/deployment.ts'),
    import('../../observe/experiments/checkExperiments.ts'),
    import('../../observe/explainAwsError.ts'),
    import('../../observe/facts/flow/relayCopies.ts'),
    import('../../observe/facts/tables/tables.ts'),
    import('../../observe/ingest/datasets.ts'),
    import('../../observe/runSql.ts'),
    import('../../observe/trace/copies.ts'),
    import('../../operate/curate/requests.ts'),
    import('../../operate/requestedDays.ts'),
    import('../../operate/quarantine/redriveQuarantine.ts'),
    import('../../operate/redriveDamaged.ts'),
    import('../../operate/restore.ts'),
    import('../../packages/local-aws/src/base/index.ts').then(({ errorFamilies }) => errorFamilies),
    import('./query.ts'),
    import('../connect/readDeployment.ts'),
    import('../ingest/dropFiles.ts'),
    import('../project/checkPipeline.ts'),
    import('../project/ownPackage.ts'),
    import('../terminal/commandLine.ts'),
    import('../terminal/errors.ts'),
    import('../trial/TrialError.ts'),
  ]);
  const families = modules.flatMap((module) => Object.values(module).filter(isFamily));
  return new Map(families.flatMap(({ entries }) => Object.entries<ErrorEntry>(entries)));
}

/** Whether what a module exports is a family of errors. */
function isFamily(exported: unknown): exported is ErrorFamily<ErrorCode> {
  return typeof exported === 'function' && 'entries' in exported;
}
