import { defineErrorFamily, type SluiceError } from '../../base/errors.ts';

/** Why rows could not be made a record of the landing, or a record could not be read. */
export const LandingError = defineErrorFamily('system', {
  SLUICE_LANDING_ROWS_INVALID: {
    cause:
      'Rows of a request cannot be written: one is empty, has a line break or no day, or the request has no ID or time.',
    cure: 'Report it with the detail: it is a fault of Sluice.',
  },
  SLUICE_LANDING_ROWS_TOO_LARGE: {
    cause: 'The rows of a request are larger than a record of the landing.',
    cure: 'Send fewer events in one request.',
  },
  SLUICE_LANDING_TRUNCATED: {
    cause: 'An object of the landing ends within a record.',
    cure: 'Look for another version of the object, or for an object that begins with the rest. The records before the offset can be read.',
  },
  SLUICE_LANDING_NOT_A_RECORD: {
    cause: 'Bytes of an object of the landing are not a record where one has to begin.',
    cure: 'Find out who writes to the landing besides Sluice and its stream. The records before the offset can be read.',
  },
  SLUICE_LANDING_HEADER_DAMAGED: {
    cause: 'The header of a record is not as Sluice writes it.',
    cure: 'Look for another version of the object. The records before the offset can be read.',
  },
  SLUICE_LANDING_VERSION_UNKNOWN: {
    cause: 'A record has a version that this release does not read.',
    cure: 'Deploy the release that wrote the record, or a later one. It waits in the landing until then.',
  },
  SLUICE_LANDING_FRAME_DAMAGED: {
    cause: 'The rows of one table of a record are not those that its header describes.',
    cure: 'Look for another version of the object. Its other frames can be read.',
  },
  SLUICE_LANDING_LIST_INVALID: {
    cause: 'An object in the folder of lists is not a list as Sluice writes it.',
    cure: 'Find out who writes to the landing besides Sluice. The records that it may have named are still in the landing.',
  },
  SLUICE_LANDING_LEFT_UNREADABLE: {
    cause: 'An object that release 0.2 left in overflow or errors is not as it writes them.',
    cure: 'Look for another version of the object under parked/, and copy it back to its own key.',
  },
  SLUICE_LANDING_UNREADABLE: {
    cause: 'An object of the landing could not be read as far as it reaches.',
    cure: 'No action is needed for a passing error: the object is read again. If the error persists, look for what replaces the object.',
  },
});

/** Errors that are the object's own fault: nobody can read the same bytes. */
const OWN_FAULTS: ReadonlySet<string> = new Set([
  'SLUICE_LANDING_TRUNCATED',
  'SLUICE_LANDING_NOT_A_RECORD',
  'SLUICE_LANDING_HEADER_DAMAGED',
  'SLUICE_LANDING_LIST_INVALID',
  'SLUICE_LANDING_LEFT_UNREADABLE',
]);

/** Whether an object of the landing is itself the reason why it could not be read. */
export function isOwnFault(error: unknown): error is SluiceError {
  return error instanceof LandingError && OWN_FAULTS.has(error.code);
}
