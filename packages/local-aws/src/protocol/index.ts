// What a service is made of.
export { AwsError } from './AwsError.ts';
export type { AwsService } from './AwsService.ts';
export { jsonService, operation } from './JsonService.ts';
export { queryOperation, queryService } from './QueryService.ts';
