import { defineErrorFamily } from '../lib/base/errors.ts';
import { configureErrors } from '../packages/local-aws/src/base/index.ts';

/** Errors that prevent the deployment from being packaged for the local cloud. */
export const LocalTemplateError = defineErrorFamily('user', {
  SLUICE_TEMPLATE_TOOL_MISSING: {
    cause: 'Serverless is not installed, so the template can not be packaged.',
    cure: 'Run `npm ci` in the root of the repository. In a project of your own, run `npm install`: its package.json has to name `serverless` (docs/project.md).',
  },
  SLUICE_TEMPLATE_PACKAGE_FAILED: {
    cause: '`serverless package` failed, or did not end in time and was stopped.',
    cure: 'Correct what its output names; `npx serverless package` in the root prints it again.',
  },
});

// The emulator's errors appear as Sluice's own: under its codes, with cures that name its options.
configureErrors({
  prefix: 'SLUICE_',
  cures: {
    LOCAL_DATA_IN_USE:
      'Stop it, or start this one with another directory: --data DIR. If its process number was reused after a crash, delete the named file.',
    LOCAL_DATA_NOT_YOURS: 'Start the local cloud with a directory of your own: --data DIR.',
    LOCAL_PORT_IN_USE:
      'Choose others: `npm start -- --port 4711 --edge-port 4577`, or the same options of `npx sluice start`; 0 takes any free one.',
    LOCAL_FUNCTION_UNKNOWN:
      'Compare the events in serverless.yml and the targets in infra/ with the functions.',
    LOCAL_HOST_REFUSED:
      'Send the request to 127.0.0.1, localhost or a name that ends in .localhost. If another name leads to this machine on purpose, start the local cloud with --allow-hosts NAME.',
    LOCAL_ORIGIN_REFUSED:
      'Open the page from this machine (http://localhost:…), or start the local cloud with --allow-hosts and the host of the page.',
    CONTROL_BODY: 'See docs/local.md for the shape of each call.',
    QUERY_NO_DATA: 'Start the local cloud once (`npm start`), or name its data directory with --data.',
    STACK_UPDATE_FAILED:
      'Change the configuration as the reason says and start again, or start with another directory: --data DIR. The data is kept.',
    TEMPLATE_INVALID: 'Correct the named member in serverless.yml or infra/.',
  },
});
