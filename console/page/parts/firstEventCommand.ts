import type { DeploymentAnswer } from '../../api/deployment.ts';

/** The README's command that sends an event as an SDK does. Where the collector's address is not known, the command has a placeholder for it. */
export function firstEventCommand({ collector }: Pick<DeploymentAnswer, 'collector'>): string {
  const address = collector ?? 'https://<CollectorUrl>';
  return `curl -X POST ${address}/v1/my-product-data -H 'statsig-api-key: client-demo' \\\n  -d '{"events":[{"eventName":"purchase","value":12.5,"user":{"userID":"ada"}}]}'`;
}
