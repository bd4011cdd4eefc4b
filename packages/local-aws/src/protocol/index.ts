// Building blocks of a service.
export { AwsError } from './AwsError.ts';
export type { AwsService } from './AwsService.ts';
export { jsonService, operation } from './jsonService.ts';
export { queryOperation, queryService } from './queryService.ts';
