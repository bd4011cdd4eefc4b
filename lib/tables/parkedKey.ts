/** Folder of what was tried often enough: nothing of ours touches it again until somebody moves it back. */
export const PARKED_FOLDER = 'parked/';

/** Where an object is parked: under its own key, so that moving it back is cutting the folder off. */
export function parkedKey(key: string): string {
  return `${PARKED_FOLDER}${key}`;
}
