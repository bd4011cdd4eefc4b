import type { DeploymentPlace } from '../aws/deploymentPlace.ts';

/** Tries of one call: everything that is asked may be asked again. */
const MAX_ATTEMPTS = 3;

/** What every client of a deployment is made with: no call waits for ever. */
export function clientOptions({ place }: Pick<DeploymentPlace, 'place'>) {
  return {
    ...place,
    maxAttempts: MAX_ATTEMPTS,
    requestHandler: { connectionTimeout: 3_000, requestTimeout: 20_000, throwOnRequestTimeout: true },
  };
}
