import { resolve } from 'node:path';
import { LOCAL_STAGE } from '../schema/stages.ts';
import { configFile, loadConfig } from './loadConfig.ts';

/**
 * `#config` of sources that run unbundled, as tests do: the file that `SLUICE_TEST_CONFIG` names, else
 * `sluice.config.ts` at the root, for the stage of the local cloud. In a bundle, `#config` is the validated
 * configuration of the packaged stage (infra/build/bundleFunctions.ts).
 */
export default await loadConfig(
  configFile(resolve(import.meta.dirname, '..', '..'), { SLUICE_CONFIG: process.env['SLUICE_TEST_CONFIG'] }),
  LOCAL_STAGE,
);
