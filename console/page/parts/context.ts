import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import type { DeploymentAnswer } from '../../api/deployment.ts';
import type { Route } from './router.ts';

/** What every page knows. */
export interface PageContext {
  readonly route: Route;
  readonly deployment: DeploymentAnswer;
}

/** Undefined until the deployment is known: no page is shown before. */
export const ConsoleContext = createContext<PageContext | undefined>(undefined);

/** The address of the page, and the deployment that it is about. */
export function useConsole(): PageContext {
  const context = useContext(ConsoleContext);
  if (context === undefined) throw new Error('outside of a page');
  return context;
}

/** A command that sends an event as an SDK does, the README's; without an address of the collector, with a place for it. */
export function firstEventCommand({ collector }: DeploymentAnswer): string {
  const address = collector ?? 'https://<CollectorUrl>';
  return `curl -X POST ${address}/v1/my-product-data -H 'statsig-api-key: client-demo' \\\n  -d '{"events":[{"eventName":"purchase","value":12.5,"user":{"userID":"ada"}}]}'`;
}
