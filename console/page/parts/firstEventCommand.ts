import type { DeploymentAnswer } from '../../api/deployment.ts';

/** The README's command that sends an event as an SDK does. It has a placeholder for an address that is not known, and for the key of a deployment. */
export function firstEventCommand({
  isLocal,
  collector,
}: Pick<DeploymentAnswer, 'isLocal' | 'collector'>): string {
  const key = isLocal ? 'client-demo' : '<client key of yours>';
  const address = collector ?? 'https://<CollectorUrl>';
  return `curl -X POST ${address}/v1/my-product-data -H 'statsig-api-key: ${key}' \\\n  -d '{"events":[{"eventName":"purchase","value":12.5,"user":{"userID":"ada"}}]}'`;
}
