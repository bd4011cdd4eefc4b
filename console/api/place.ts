import { VERSION } from '../../lib/base/version.ts';
import { deploymentOptions } from '../../observe/deployment.ts';
import { route } from './route.ts';

/** What the page shows around every other page. */
export interface PlaceAnswer {
  readonly version: string;
  readonly stage: string;
  readonly region: string;
  readonly isLocal: boolean;
  readonly mayWrite: boolean;
  readonly bucket: string;
  readonly database: string;
  readonly workgroup: string;
  /** Where SDKs post; null if it is not known. */
  readonly collector: string | null;
  /** Endpoint of the local cloud; null for a deployment. */
  readonly edge: string | null;
  /** Options of `sluice` that name this deployment. */
  readonly commandOptions: readonly string[];
  /** The time of the deployment, ISO 8601: the local clock can be moved. */
  readonly now: string;
  /** Whether the configuration has sources, and exports. */
  readonly hasDrops: boolean;
}

/** Calls about the deployment as a whole. */
export const placeRoutes = [
  route({
    method: 'GET',
    path: '/api/place',
    summary: 'Which deployment this is, its time, and whether the console may change something.',
    handle: ({ place, deployment, mayWrite, collector }): PlaceAnswer => ({
      version: VERSION,
      stage: place.stack.stage,
      region: deployment.place.region,
      isLocal: place.isLocal,
      mayWrite,
      bucket: place.config.bucket,
      database: place.config.database,
      workgroup: place.config.athena.workgroup,
      collector,
      edge: place.localControl ?? null,
      commandOptions: deploymentOptions(deployment),
      now: new Date(place.now).toISOString(),
      hasDrops: place.config.sources.length > 0 || place.config.exports.length > 0,
    }),
  }),
];
