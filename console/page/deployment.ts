import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import type { DeploymentAnswer } from '../api/deployment.ts';

/** The deployment of the page; undefined until it is known. */
export const DeploymentContext = createContext<DeploymentAnswer | undefined>(undefined);

/** The deployment of the page; undefined until it is known. */
export function useDeployment(): DeploymentAnswer | undefined {
  return useContext(DeploymentContext);
}

/** A command that sends an event as an SDK does, the README's; without an address of the collector, with a place for it. */
export function firstEventCommand({ collector }: DeploymentAnswer): string {
  const address = collector ?? 'https://<CollectorUrl>';
  return `curl -X POST ${address}/v1/my-product-data -H 'statsig-api-key: client-demo' \\\n  -d '{"events":[{"eventName":"purchase","value":12.5,"user":{"userID":"ada"}}]}'`;
}
