import { Window } from 'happy-dom';

/**
 * Gives this process a browser's window. Without one, the browser SDKs do nothing. They look for it while they are imported,
 * so call this before.
 */
export function openWindow(): Window {
  const window = new Window({ url: 'https://shop.example/' });
  Object.assign(globalThis, { window, document: window.document });
  return window;
}
