import { writeFile } from 'node:fs/promises';
import { defineErrorFamily, SluiceError } from '../../../lib/base/errors.ts';
import { addDays, utcDay } from '../../../lib/base/time.ts';
import type { Config } from '../../../lib/schema/config.ts';
import type { Source } from '../../../lib/schema/sources.ts';
import type { ConfiguredTarget } from '../../../observe/target.ts';
import { type CommandLine, didYouMean, textOption, UsageError } from '../../terminal/commandLine.ts';
import { writeJson, writeNote, writeOut } from '../../terminal/output.ts';
import { htmlPage, markdownPage } from './blocks.ts';
import { customerPage, type PageFacts, placeholdersOf } from './customerPage.ts';

/** Errors of `sluice connect customer`. */
export const CustomerPageError = defineErrorFamily('user', {
  SLUICE_CONNECT_FILE_FAILED: {
    cause: 'The page or an example file cannot be written.',
    cure: 'Use a folder that exists and that you may write, with --output or --example-file.',
  },
});

/**
 * `sluice connect customer <name>`: the page for a customer, and an example file of each dataset. Without a deployment that
 * answers, placeholders stand for what only it knows.
 *
 * @param now Epoch milliseconds.
 * @param makeParquet Makes a Parquet file of a query of DuckDB.
 * @throws UsageError for a customer that the configuration does not have; CustomerPageError.
 */
export async function connectCustomer(
  line: CommandLine,
  now: number,
  makeParquet: (sql: string) => Promise<Uint8Array>,
): Promise<number> {
  const { configuredTarget, noteUnnamedTarget } = await import('../../aws/target.ts');
  noteUnnamedTarget(line);
  const where = await configuredTarget(line);
  const { config } = where;
  const source = readCustomer(line, config);
  const day = addDays(utcDay(now), -1);
  const offline = line.values['offline'] === true;
  const facts = { ...(await readFacts(where, offline)), day };
  const blocks = customerPage(config, source, facts);
  const asHtml = line.values['html'] === true;
  const page = asHtml ? htmlPage(`Dropping files: ${source.name}`, blocks) : markdownPage(blocks);
  const placeholders = placeholdersOf(page);

  const directory = textOption(line, 'example-file');
  const examples = directory === undefined ? [] : await writeExamples(directory, source, day, makeParquet);
  const output = textOption(line, 'output');
  if (output !== undefined) await written(output, () => writeFile(output, page));
  if (line.values['json'] === true)
    writeJson({ customer: source.name, output: output ?? null, page, placeholders, examples });
  else if (output === undefined) writeOut(page);
  else writeNote(`Wrote ${output}.\n`);
  for (const path of examples) writeNote(`Wrote ${path}.\n`);
  for (const name of placeholders)
    writeNote(`Placeholder left: ${name}. Deploy, or replace it before you send the page.\n`);
  return 0;
}

function readCustomer({ positionals }: CommandLine, { sources }: Config): Source {
  const [, name = '', ...more] = positionals;
  const names = sources.map((one) => one.name);
  const found = sources.find((one) => one.name === name);
  if (found !== undefined && more.length === 0) return found;
  throw new UsageError(
    'SLUICE_USAGE_ARGUMENTS',
    names.length === 0
      ? 'The configuration has no `sources`: add the customer there first (docs/ingest.md).'
      : `Expected one customer of the configuration: ${names.join(', ')}.${didYouMean(name, names)}`,
  );
}

type DeploymentFacts = Omit<PageFacts, 'day'>;

function fromConfig({ config, stack }: ConfiguredTarget): DeploymentFacts {
  const name = `${stack.service}-${stack.stage}`;
  return {
    ...{ stack: name, region: config.region, account: config.account ?? undefined },
    readyUrl: undefined,
  };
}

/** Reads the deployment; uses the configuration offline, or if no deployment answers. */
export async function readFacts(where: ConfiguredTarget, offline: boolean): Promise<DeploymentFacts> {
  if (offline) return fromConfig(where);
  const { readDeployment } = await import('../readDeployment.ts');
  try {
    const { stackName, region, account, outputs } = await readDeployment(where);
    const readyUrl = outputs.get('DataReadyUrl') ?? outputs.get('CollectorUrl');
    return { stack: stackName, region, account, readyUrl: readyUrl?.replace(/\/+$/, '') };
  } catch (error) {
    if (!(error instanceof SluiceError)) throw error;
    writeNote(`No deployment was asked: ${error.message}\n`);
    return fromConfig(where);
  }
}

async function writeExamples(
  directory: string,
  { datasets }: Source,
  day: string,
  makeParquet: (sql: string) => Promise<Uint8Array>,
): Promise<readonly string[]> {
  const { writeExampleFiles } = await import('./exampleFiles.ts');
  return written(directory, () => writeExampleFiles(directory, datasets, day, makeParquet));
}

/** @throws CustomerPageError for a file that cannot be written. */
export async function written<Result>(path: string, write: () => Promise<Result>): Promise<Result> {
  try {
    return await write();
  } catch (error) {
    if (error instanceof SluiceError || !(error instanceof Error) || !('code' in error)) throw error;
    throw new CustomerPageError('SLUICE_CONNECT_FILE_FAILED', `${path}: ${String(error.code)}.`, {
      cause: error,
    });
  }
}
