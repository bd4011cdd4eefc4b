import { Window } from 'happy-dom';

/**
 * Gives this process a browser's window, for the browser SDKs do nothing at all where there is none, and look
 * for one while they are being imported: call it before.
 */
export function openWindow(): Window {
  const window = new Window({ url: 'https://shop.example/' });
  Object.assign(globalThis, { window, document: window.document });
  return window;
}
