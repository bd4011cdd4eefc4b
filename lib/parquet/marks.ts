// https://parquet.apache.org/docs/file-format/ and https://github.com/apache/parquet-format/blob/master/Encryption.md

/** The magic at both ends of a Parquet file. */
export const PARQUET_MARK = 'PAR1';
/** Magic of a file with an encrypted footer, which Sluice neither writes nor loads. */
export const ENCRYPTED_MARK = 'PARE';
/** Bytes of a magic. */
export const MARK_BYTES = 4;
/** The minimum size of a file: magic, length of the footer, magic. */
export const LEAST_FILE_BYTES = 12;
