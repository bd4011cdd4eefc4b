import { Statsig, StatsigUser } from '@statsig/statsig-node-core';
import { type SpecsServer, startSpecsServer } from './startSpecsServer.ts';

/** Answers initialize requests of browser SDKs; `close` also ends the evaluator behind it. */
export interface BrowserSpecs extends Omit<SpecsServer, 'close'> {
  close(): Promise<void>;
}

/**
 * Evaluates the rules in `demo/specs` for browsers, with Statsig's own evaluator.
 *
 * @param hashAlgorithm How names inside the response are hashed.
 */
export async function startBrowserSpecs(hashAlgorithm: 'none' | 'djb2'): Promise<BrowserSpecs> {
  const specs = await startSpecsServer((user) => {
    const userId = typeof user === 'object' && user !== null ? String(Reflect.get(user, 'userID')) : '';
    return evaluator.getClientInitializeResponse(StatsigUser.withUserID(userId), { hashAlgorithm });
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
