import { defineErrorFamily } from '../base/errors.ts';

/** Errors of erasing. The command goes on where it stopped when it is run again. */
export const EraseError = defineErrorFamily('user', {
  SLUICE_ERASE_UNIT_INVALID: {
    cause: 'A unit to erase is not named as `<column>=<value>`.',
    cure: "Name a unit as the tables have it: `user_id=u-4711`, `stable_id=…`, one of `unitIds` by its type or column, or any other custom ID as `custom_ids.<type>=…`. Run `sluice query` to see how a person's rows are written.",
  },
  SLUICE_ERASE_UNITS_TOO_MANY: {
    cause: 'More units were named than one erasure takes.',
    cure: 'Erase them in groups: split the file of units, and run the command for each part.',
  },
  SLUICE_ERASE_CURE_PENDING: {
    cause:
      'Events are missing, or files of days are gone, and the bucket still has versions of them. The erasure deletes the versions that have rows of the unit, with all other rows in them.',
    cure: 'Run `sluice status`, and the cures that it prints for what the detail names: bring the files back first. If these rows may be lost, add `--yes`.',
  },
  SLUICE_ERASE_BUSY: {
    cause: 'Another run works on the erasure of the same units.',
    cure: 'Wait until the other run ends, or end it. Then run the command again: it goes on where the other run stopped.',
  },
  SLUICE_ERASE_MANIFEST_INVALID: {
    cause: 'The manifest of this erasure cannot be read.',
    cure: 'Delete the object that the detail names, and run the command again: it begins from the start.',
  },
  SLUICE_ERASE_CHANGING: {
    cause: 'An object was changed by somebody else each time that it was to be replaced.',
    cure: 'Run the command again: it goes on at this object. If it persists, look at what writes to it.',
  },
  SLUICE_ERASE_ROWS_DIFFER: {
    cause:
      'A file that was written again does not have the rows that it should have. It has replaced nothing.',
    cure: 'This is a defect of Sluice. Report the detail, and how the file was made.',
  },
  SLUICE_ERASE_DENIED: {
    cause: 'AWS denied or failed a call of the erasure.',
    cure: 'Read the detail. Use credentials with the policy that `sluice policy print --for erase` prints, and run the command again: it goes on where it stopped.',
  },
});
