import { defineConfig } from '../../../../lib/config/defineConfig.ts';
import type { ConfigInput } from '../../../../lib/schema/config.ts';
import { LOCAL_STAGE } from '../../../../lib/schema/stages.ts';
import type { Look } from '../../../../observe/doctor/Look.ts';
import repositoryConfig from '../../../../sluice.config.ts';
import { account, accountServices, kms } from '../fakeAccount.ts';
import { startDeployment } from '../startDeployment.ts';

/** Of a finding of a look: its code without `SLUICE_FINDING_`, and its detail. */
type CodeAndDetail = `${string} ${string}`;

/**
 * Starts a local deployment in an account of which {@link account} says what only AWS knows, for looks at stages that are
 * not deployed yet.
 */
export async function startBeforeDeploy() {
  const deployed = await startDeployment([...accountServices, kms]);
  /** Undoes what a test, or a suite before in the same worker, has changed of the account, the stack and the services. */
  const reset = () => {
    account.reset();
    deployed.faults.clear();
    deployed.describe(deployed.stack);
  };
  reset();
  /** What a look finds in a stage, by its configuration. */
  const lookBy = (asked: Look, options: Partial<ConfigInput>, stage = 'prod') =>
    deployed.look(asked, defineConfig({ bucket: 'acme-experiments', ...options }), { stage });
  /** The codes and details of it. */
  const findingsOf = async (...asked: Parameters<typeof lookBy>): Promise<readonly CodeAndDetail[]> => {
    const found = await lookBy(...asked);
    return found.map(({ code, detail }): CodeAndDetail => `${code.replace('SLUICE_FINDING_', '')} ${detail}`);
  };
  return {
    ...deployed,
    lookBy,
    findingsOf,
    /** The same by the configuration of the repository. */
    findings: (asked: Look, stage: string = LOCAL_STAGE) => findingsOf(asked, repositoryConfig, stage),
    /** S3 denies the region of each bucket. */
    denyRegions: () =>
      deployed.faults.set({
        s3: [
          {
            fault: 'failCalls',
            calls: 'all',
            code: 'AccessDenied',
            status: 403,
            operations: ['GetBucketLocation'],
          },
        ],
      }),
    /** The stack of the stage `prod` is deployed with these resources, by default all of the local stack's. */
    describeProd: (resources: typeof deployed.stack.resources = deployed.stack.resources) =>
      deployed.describe({ ...deployed.stack, name: 'sluice-prod', resources }),
    reset,
  };
}
