// Reads CloudFormation templates.
export type { DeployedBucket, DeployedWorkGroup, Deployment } from './Deployment.ts';
export { readDeployment } from './readDeployment.ts';
export { type ResolvedResource, type ResolvedTemplate, resolveTemplate } from './resolveTemplate.ts';
export { attributePath, intrinsicOf, parseTemplate, SUB_PLACEHOLDER, type Template } from './Template.ts';
