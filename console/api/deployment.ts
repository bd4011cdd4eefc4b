import { VERSION } from '../../lib/base/version.ts';
import { type Route, route } from './route.ts';

/** Facts that the frame around every page shows. */
export interface DeploymentAnswer {
  /** Version of Sluice. */
  readonly version: string;
  /** The stage. */
  readonly stage: string;
  /** The region of AWS. */
  readonly region: string;
  /** Whether it is the local cloud. */
  readonly isLocal: boolean;
  /** Whether this console may change something. */
  readonly mayWrite: boolean;
  /** Name of the bucket. */
  readonly bucket: string;
  /** Name of the database. */
  readonly database: string;
  /** Name of Athena's workgroup. */
  readonly workgroup: string;
  /** The address that SDKs post to; null if it is not known. */
  readonly collector: string | null;
  /** The time of the deployment, ISO 8601: the local clock can be moved. */
  readonly now: string;
}

/** Calls about the deployment as a whole. */
export const deploymentRoutes: readonly Route[] = [
  route({
    method: 'GET',
    path: '/api/deployment',
    summary: 'Which deployment this is, its time, and whether the console may change something.',
    handle: ({ deployment, mayWrite, collector }): DeploymentAnswer => ({
      version: VERSION,
      stage: deployment.stack.stage,
      region: deployment.aws.region,
      isLocal: deployment.isLocal,
      mayWrite,
      bucket: deployment.config.bucket,
      database: deployment.config.database,
      workgroup: deployment.config.athena.workgroup,
      collector,
      now: new Date(deployment.now).toISOString(),
    }),
  }),
];
