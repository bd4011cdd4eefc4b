import { defineErrorFamily, type SluiceError } from '../base/errors.ts';
import { type ConfigProblem, problemLine } from '../schema/ConfigProblem.ts';

/** Errors of the configuration. */
export const ConfigError = defineErrorFamily('user', {
  SLUICE_CONFIG_INVALID: {
    cause: 'The configuration is not valid.',
    cure: 'Correct each named field: the message says what the field has and what was expected.',
  },
  SLUICE_CONFIG_NOT_FOUND: {
    cause: 'No configuration could be loaded.',
    cure: 'Create a sluice.config.ts at the root whose default export is defineConfig({ … }), or set SLUICE_CONFIG to the path of one.',
  },
  SLUICE_CONFIG_BROKEN: {
    cause: 'The configuration could not be imported.',
    cure: 'Correct what the message names. It includes the line if the error has one.',
  },
  SLUICE_CONFIG_STAGE_UNKNOWN: {
    cause: 'The configuration is not for this stage.',
    cure: "Use a stage that the message names, or list this one: `defineConfig({ … }, { stages: ['prod'] })` if there is one stage, `defineConfig(({ stage }) => ({ … }), { stages: ['dev', 'prod'] })` if there are several (docs/deploy.md, \"Stages\").",
  },
  SLUICE_CONFIG_STAGE_FAILED: {
    cause: 'The function that makes the configuration failed for a stage.',
    cure: 'Correct what the message names. Packaging one stage calls the function for every listed stage, so it must not fail without what only another machine has, such as an environment variable.',
  },
  SLUICE_CONFIG_STAGES_OF_OBJECT: {
    cause: 'The configuration is an object, which has the values of one stage, but it is for several.',
    cure: "Give defineConfig a function whose names depend on the stage: `defineConfig(({ stage }) => ({ … }), { stages: ['dev', 'prod'] })` (docs/deploy.md, \"Stages\").",
  },
  SLUICE_CONFIG_STAGES_SHARE: {
    cause: 'Two stages would use the same resource.',
    cure: 'Make the named value depend on the stage: `defineConfig(({ stage }) => ({ … }))` (docs/deploy.md, "Stages"). If it is the name of a stage, choose another name, or state `account` if the stages are in two accounts.',
  },
  SLUICE_CONFIG_PACKAGE_DIFFERS: {
    cause: 'The package was made for another stage or region than it is deployed to.',
    cure: 'Package with the same --stage and --region, or deploy without --package.',
  },
  SLUICE_CONFIG_ACCOUNT_DIFFERS: {
    cause: 'The credentials are of another account than the configuration states.',
    cure: 'Use credentials of the named account (AWS_PROFILE, `aws sso login`), or correct `account` in the configuration.',
  },
  SLUICE_CONFIG_ENCRYPTION_DIFFERS: {
    cause:
      'The stack or the existing bucket is encrypted otherwise than the configuration says: no role could read what lies there, or write to it.',
    cure: 'Set `encryption` and `existing.keyArn` as they are there; where the message refuses the key itself, change the default of the bucket. Encryption is chosen once: for another, deploy a stage with a bucket of its own (docs/platform.md, "Encryption").',
  },
  SLUICE_CONFIG_ROUTE_TAKES_PREFLIGHTS: {
    cause:
      "A route of the HTTP API matches OPTIONS, so API Gateway would hand browsers' preflights to its function instead of answering them.",
    cure: 'In serverless.yml, name each method that the route is for (`GET /x`, `POST /x`) in place of `*`, `ANY` or `$default`, and leave out `OPTIONS`.',
  },
  SLUICE_CONFIG_SESSION_TOO_LARGE: {
    cause: 'A load or an export would need a longer session policy than STS accepts.',
    cure: 'Give the dataset or the export a shorter folder, table or name, or the deployment a shorter database, `statsigFolder` or bucket.',
  },
  SLUICE_CONFIG_STACK_TOO_LARGE: {
    cause:
      'The stack is larger than CloudFormation, IAM or another service takes, so its deployment would be rolled back.',
    cure: 'Move some of what the message says that it grows with into a second stage (docs/deploy.md, "Stages"), or give it shorter names: buckets, folders, sources, tables, `database`. With many sources also state `account`: then buckets of their owners need not be named one by one.',
  },
  SLUICE_CONFIG_TRIAL_BOUNDARY: {
    cause:
      'The permissions boundary is that of `sluice trial`, which allows only what has a name of a trial. The roles of this stage could do nothing.',
    cure: 'Take `permissionsBoundary` out of the configuration, or set it to a boundary for this stage (docs/platform.md, "A permissions boundary").',
  },
  SLUICE_CONFIG_NO_KEYS: {
    cause: 'No SDK key is configured, so the deployed collector would refuse every request.',
    cure: 'List the SDK keys that may post under `keys` (label and SHA-256), set `keysInSecret: true` if `sluice keys add` adds them, or `allowAnyKey: true` to accept any.',
  },
});

/**
 * The error of fields that are refused: its message has a line for each.
 *
 * @param options.code Default `SLUICE_CONFIG_INVALID`.
 * @param options.cause The error by which a field was found to be wrong. Default none.
 */
export function refusedFields(
  problems: readonly ConfigProblem[],
  options: {
    readonly code?: 'SLUICE_CONFIG_INVALID' | 'SLUICE_CONFIG_STAGES_SHARE';
    readonly cause?: unknown;
  } = {},
): SluiceError {
  const { code = 'SLUICE_CONFIG_INVALID', cause } = options;
  const lines = problems.map((problem) => `\n  ${problemLine(problem)}`);
  return new ConfigError(code, lines.join(''), { cause, fields: problems.map(({ field }) => field) });
}
