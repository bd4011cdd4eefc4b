import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import { MINUTE_MS } from '../../../lib/base/time.ts';
import type { DeploymentAnswer } from '../../api/deployment.ts';
import type { Route } from './router.ts';

/** How often what pages show is asked again, milliseconds: of the local cloud, and of a deployment, which pays for each call. */
const INTERVALS_MS = {
  status: { local: 10_000, deployed: 5 * MINUTE_MS },
  calendar: { local: 3_000, deployed: 5 * MINUTE_MS },
  day: { local: 3_000, deployed: MINUTE_MS },
};

/** What every page knows. */
interface PageContext {
  /** The address of the page. */
  readonly route: Route;
  /** The deployment that it shows. */
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

/** Milliseconds after which something of the deployment is asked again: the option of `useApi`. */
export function useEvery(what: keyof typeof INTERVALS_MS): { readonly every: number } {
  return { every: INTERVALS_MS[what][useConsole().deployment.isLocal ? 'local' : 'deployed'] };
}
