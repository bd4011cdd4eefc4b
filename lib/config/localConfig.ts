import { resolve } from 'node:path';
import { LOCAL_STAGE } from '../schema/stages.ts';
import { configFile, loadConfig } from './loadConfig.ts';

/**
 * `#config` of sources that run unbundled, as tests do: `sluice.config.ts` at the root, for the stage of the local cloud. In a
 * bundle, `#config` is the validated configuration of the packaged stage (infra/build/bundleFunctions.ts).
 */
export default await loadConfig(configFile(resolve(import.meta.dirname, '..', '..'), {}), LOCAL_STAGE);
