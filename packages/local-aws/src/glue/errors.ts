import { AwsError } from '../protocol/AwsError.ts';

// Errors of Glue under AWS's names: https://docs.aws.amazon.com/glue/latest/webapi/CommonErrors.html

/** Something that is not in the catalog. */
const entityNotFound = (message: string) => new AwsError('EntityNotFoundException', 400, message);
/** A database that is not in the catalog. */
export const databaseNotFound = (name: string): AwsError => entityNotFound(`Database ${name} not found.`);
/** A table that is not in its database. */
export const tableNotFound = (name: string): AwsError => entityNotFound(`Table ${name} not found.`);
/** A partition that its table does not have. */
export const partitionNotFound = (): AwsError => entityNotFound('Cannot find partition.');

/** Something that is already in the catalog. */
export const alreadyExists = (what: 'Database' | 'Table' | 'Partition'): AwsError =>
  new AwsError('AlreadyExistsException', 400, `${what} already exists.`);

/** Well-formed input that Glue does not accept. */
export const invalidInput = (message: string): AwsError =>
  new AwsError('InvalidInputException', 400, message);

/** A member that is missing or out of bounds. The API layer rejects it before Glue handles the call. */
export const validationError = (message: string): AwsError =>
  new AwsError('ValidationException', 400, `1 validation error detected: ${message}`);

/** An update of a version of a table that is not the current one: another update came first. */
export const concurrentModification = (): AwsError =>
  new AwsError(
    'ConcurrentModificationException',
    400,
    'Update table failed due to concurrent modifications.',
  );

/** Another account's catalog, named by `CatalogId`. */
export const foreignCatalog = (catalogId: string): AwsError =>
  new AwsError('AccessDeniedException', 400, `The catalog ${catalogId} is not this account's.`);
