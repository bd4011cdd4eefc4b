import { defineErrorFamily } from '../base/errors.ts';

/** What can be wrong with `sluice.config.ts`. */
export const ConfigError = defineErrorFamily('user', {
  SLUICE_CONFIG_INVALID: {
    cause: 'sluice.config.ts is not valid.',
    cure: 'Mend each named field: the message says what came and what was expected.',
  },
  SLUICE_CONFIG_NOT_FOUND: {
    cause: 'No configuration could be loaded.',
    cure: 'Put a sluice.config.ts at the root whose default export is defineConfig({ … }), or name one in SLUICE_CONFIG.',
  },
  SLUICE_CONFIG_BROKEN: {
    cause: 'The configuration could not be imported.',
    cure: 'Mend what the message names, at its line where it has one.',
  },
  SLUICE_CONFIG_STACK_TOO_LARGE: {
    cause: 'The stack would have more resources, or a larger template, than CloudFormation takes.',
    cure: 'Configure fewer datasets: some 400 fit one deployment. Give others a deployment of their own, by another stage or service.',
  },
  SLUICE_CONFIG_ROLE_TOO_LARGE: {
    cause: 'A role would need longer policies than IAM takes.',
    cure: 'Configure fewer sources or exports. Give others a deployment of their own, by another stage or service.',
  },
  SLUICE_CONFIG_SESSION_TOO_LARGE: {
    cause: 'A load or an export would need a longer session policy than STS takes.',
    cure: 'Give the dataset or the export a shorter folder, table or name, or the deployment a shorter database, `statsigFolder` or bucket.',
  },
  SLUICE_CONFIG_NO_KEYS: {
    cause: 'No SDK key is configured, so the deployed collector would refuse every request.',
    cure: 'List the SDK keys that may post under `keys` (label and SHA-256), set `keysInSecret: true` if `sluice keys add` adds them, or `allowAnyKey: true` to accept any.',
  },
});
