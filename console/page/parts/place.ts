import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import type { PlaceAnswer } from '../../api/place.ts';

/** The deployment of the page; undefined until it is known. */
export const PlaceContext = createContext<PlaceAnswer | undefined>(undefined);

/** The deployment of the page; undefined until it is known. */
export function usePlace(): PlaceAnswer | undefined {
  return useContext(PlaceContext);
}

/** A command that sends an event as an SDK does, the README's; without an address of the collector, with a place for it. */
export function firstEventCommand({ collector }: PlaceAnswer): string {
  const address = collector ?? 'https://<CollectorUrl>';
  return `curl -X POST ${address}/v1/my-product-data -H 'statsig-api-key: client-demo' \\\n  -d '{"events":[{"eventName":"purchase","value":12.5,"user":{"userID":"ada"}}]}'`;
}
