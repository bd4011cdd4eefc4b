import { rm } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { defineConfig } from '../../lib/config/defineConfig.ts';
import { configFile, loadConfig } from '../../lib/config/loadConfig.ts';
import type { ConfigInput } from '../../lib/schema/config.ts';
import { isRegion } from '../../lib/schema/regions.ts';
import { LOCAL_STAGE } from '../../lib/schema/stages.ts';
import { projectRoot } from '../../local/roots.ts';
import { type Deployment, openDeployment } from '../../observe/deployment.ts';
import { namedTarget } from '../aws/target.ts';
import { explainingAws } from '../aws/withDeployment.ts';
import { type CommandLine, stageOption, UsageError } from '../terminal/commandLine.ts';
import { type Trial, trialConfig, trialStage } from './Trial.ts';
import { trialFiles } from './writeService.ts';

/**
 * A trial in the account of the credentials, with what the project's configuration requires of every stack. It asks STS for the
 * account.
 *
 * @param id Its ID: eight hexadecimal digits.
 * @throws UsageError for a name that is no region; AwsAccessError; ConfigError.
 */
export async function trialOf(
  line: CommandLine,
  { region, endpoint }: { readonly region: string; readonly endpoint: Trial['endpoint'] },
  id: string,
): Promise<Trial> {
  if (!isRegion(region))
    throw new UsageError(
      'SLUICE_USAGE_OPTIONS',
      `--region: got ${region}, expected one of docs/reference/configuration.md.`,
    );
  const { aws } = namedTarget({ values: { ...line.values, stage: trialStage({ id }) } });
  const sts = new STSClient(aws);
  const { Account: account } = await explainingAws(() => sts.send(new GetCallerIdentityCommand({}))).finally(
    () => sts.destroy(),
  );
  if (account === undefined) throw new Error('STS names no account.');
  const project = await loadConfig(configFile(projectRoot, process.env), stageOption(line) ?? LOCAL_STAGE);
  return { id, account, region, endpoint, project };
}

/**
 * Opens a trial's deployment.
 *
 * @param signal Ends its waits once it is aborted. Default: nothing does.
 * @throws ConfigError.
 */
export function openTrial(line: CommandLine, trial: Trial, signal?: AbortSignal): Deployment {
  const stage = trialStage(trial);
  const named = namedTarget({ values: { ...line.values, stage } });
  const aws = { ...named.aws, region: trial.region };
  const config = defineConfig(configOf(trial, named), { stages: [stage] });
  const opened = openDeployment({ ...named, config, now: Date.now() }, aws);
  if (signal === undefined) return opened;
  return { ...opened, wait: (ms) => setTimeout(ms, undefined, { signal }), signal };
}

/** The configuration of a trial, for the processor that its functions run on. */
export function configOf(trial: Trial, { isLocal }: Pick<Deployment, 'isLocal'>): ConfigInput {
  // An emulator on this machine runs functions with this machine's processor.
  return trialConfig(trial, isLocal && process.arch !== 'arm64' ? 'x86_64' : 'arm64');
}

/** Deletes the folder that a trial was deployed from. Its log stays. */
export function forget(trial: Trial): Promise<void> {
  return rm(trialFiles(trial).service, { recursive: true, force: true });
}
