import { Statsig, StatsigUser } from '@statsig/statsig-node-core';
import { Window } from 'happy-dom';
import { valueAt } from '../../lib/base/json.ts';
import { type SpecsServer, startSpecsServer } from './startSpecsServer.ts';

/** A server that answers initialize requests of browser SDKs. */
interface BrowserSpecs extends Omit<SpecsServer, 'close'> {
  /** Ends the evaluator, and stops the server. */
  close(): Promise<void>;
}

/**
 * Starts a server that evaluates the rules in `demo/specs` for browsers, with Statsig's own evaluator.
 *
 * @param hashAlgorithm How names inside the response are hashed.
 */
export async function startBrowserSpecs(hashAlgorithm: 'none' | 'djb2'): Promise<BrowserSpecs> {
  const specs = await startSpecsServer({
    initialize(user) {
      const userId = String(valueAt(user, ['userID']) ?? '');
      return evaluator.getClientInitializeResponse(StatsigUser.withUserID(userId), { hashAlgorithm });
    },
  });
  const evaluator = new Statsig('secret-evaluator', {
    specsUrl: specs.specsUrl,
    disableAllLogging: true,
    disableCountryLookup: true,
    outputLogLevel: 'error',
  });
  await evaluator.initialize();
  return {
    ...specs,
    async close() {
      await evaluator.shutdown();
      specs.close();
    },
  };
}

/**
 * Gives this process a browser's window. Without one, the browser SDKs do nothing. They look for it while they are
 * imported, so this has to be called before.
 */
export function openWindow(): Window {
  const window = new Window({ url: 'https://shop.example/' });
  Object.assign(globalThis, { window, document: window.document });
  return window;
}
