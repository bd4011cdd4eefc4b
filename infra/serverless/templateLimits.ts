/** What CloudFormation takes of a template. https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html */
export const TEMPLATE_LIMITS = { resources: 500, outputs: 200, bytes: 1_000_000 } as const;
