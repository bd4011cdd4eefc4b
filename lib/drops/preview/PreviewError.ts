import { defineErrorFamily } from '../../errors/defineErrorFamily.ts';

/** What can keep a file from being previewed, besides the file itself. */
export const PreviewError = defineErrorFamily('user', {
  SLUICE_PREVIEW_FILE_CHANGED: {
    cause: 'The file was replaced or deleted while it was read.',
    cure: 'Preview it again.',
  },
  SLUICE_PREVIEW_NO_FILE: {
    cause: 'There is no such file to preview.',
    cure: 'Name a day with files by --day, or a key by --file.',
  },
  SLUICE_PREVIEW_TOO_LARGE: {
    cause: 'The first row group of the file, or its footer, is too large to be previewed.',
    cure: 'Write the file with row groups of some 100 MB: loads need less memory for them, too.',
  },
});
