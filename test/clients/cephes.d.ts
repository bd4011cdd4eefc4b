// The package has types for `require` only: its "exports" name none for `import`.
declare module 'cephes' {
  /** Resolves when the functions can be called. */
  export const compiled: Promise<void>;
  /** Upper tail of the chi-square distribution. Throws when the result is too small for a double. */
  export function chdtrc(df: number, x: number): number;
}
