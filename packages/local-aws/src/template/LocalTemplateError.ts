import { defineErrorFamily } from '../../../../lib/base/errors.ts';

/** What can keep the local cloud from being built out of the packaged template. */
export const LocalTemplateError = defineErrorFamily('user', {
  SLUICE_TEMPLATE_TOOL_MISSING: {
    cause: 'Serverless is not installed, so the template can not be packaged.',
    cure: 'Run `npm ci` in the root of the repository.',
  },
  SLUICE_TEMPLATE_PACKAGE_FAILED: {
    cause: '`serverless package` failed.',
    cure: 'Mend what it says; `npx serverless package` in the root says it again.',
  },
  SLUICE_TEMPLATE_PACKAGE_TIMEOUT: {
    cause: '`serverless package` did not end in time and was stopped.',
    cure: 'Run `npx serverless package` by hand in the root to see where it waits.',
  },
  SLUICE_TEMPLATE_INVALID: {
    cause: 'The packaged template is not one that the local cloud can read.',
    cure: 'Mend the named member in serverless.yml or infra/.',
  },
  SLUICE_TEMPLATE_RESOURCE_UNSUPPORTED: {
    cause: 'The template has a resource of a type that the local cloud neither builds nor knows to be inert.',
    cure: 'Add the type to packages/local-aws/src/template/resourceTypes.ts, or take the resource out of the deployment.',
  },
  SLUICE_TEMPLATE_INTRINSIC_UNSUPPORTED: {
    cause: 'The template uses an intrinsic function that the local cloud does not evaluate.',
    cure: 'Use Ref, Fn::GetAtt, Fn::Sub, Fn::Join, Fn::Select or Fn::Split, or add the function to packages/local-aws/src/template/evaluate.ts.',
  },
  SLUICE_TEMPLATE_REFERENCE_UNKNOWN: {
    cause: 'The template refers to something that is not there.',
    cure: 'Name a logical ID of the template, one of its documented attributes, or a supported pseudo parameter.',
  },
  SLUICE_TEMPLATE_CYCLE: {
    cause: 'Resources of the template depend on each other in a circle; AWS would refuse it too.',
    cure: 'Break the circle: name one of the ARNs by its parts instead of referring to the resource.',
  },
});
