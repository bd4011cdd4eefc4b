import { type Console, type ConsoleOptions, openConsole } from '../../console/index.ts';
import type { Cloud } from '../../local/startCloud.ts';
import { writeNote } from '../terminal/output.ts';
import { machineNotes } from './machineNotes.ts';
import { namedTarget, ofConfig } from './target.ts';

/**
 * Serves the console of a running local cloud. It may write and needs no token: whoever reaches it also reaches the
 * endpoint of the cloud's services.
 *
 * @param options `stage` is `local` by default.
 * @throws ConsoleError SLUICE_CONSOLE_PORT_IN_USE.
 */
export function openLocalConsole(
  cloud: Pick<Cloud, 'edge' | 'collector' | 'config'>,
  options: Partial<Omit<ConsoleOptions, 'deployment' | 'notes' | 'collector' | 'log'>> &
    Pick<ConsoleOptions, 'port'> & { readonly stage?: string | undefined },
): Promise<Console> {
  const { stage, ...rest } = options;
  // The credentials of the environment are left out, because they are of another account.
  const named = namedTarget({ values: { local: true, stage, 'endpoint-url': cloud.edge } }, {});
  const { region = cloud.config.region, ...aws } = named.aws;
  const deployment = { ...ofConfig(named, cloud.config), aws: { ...aws, region } };
  return openConsole({
    deployment,
    notes: machineNotes(deployment),
    collector: cloud.collector,
    mayWrite: true,
    log: writeNote,
    ...rest,
  });
}
