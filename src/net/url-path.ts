/** The path of a URL as names: each component percent-encoded or raw UTF-8. Pure. */
import { Code, StatusError } from '../base/status.js';

/** Each component decoded once; throws INVALID_ARGUMENT. */
export function decodedPath(path: string): string {
  // A byte that is no UTF-8 reads as U+FFFD; encoded it is a character like any other.
  if (!path.includes('\ufffd')) {
    try {
      const decoded = path.split('/').map((component) => decodeURIComponent(component));
      // An encoded slash would be a separator where the sender meant a letter.
      if (decoded.every((component) => !component.includes('/'))) return decoded.join('/');
    } catch (error) {
      if (!(error instanceof URIError)) throw error;
    }
  }
  throw new StatusError(Code.INVALID_ARGUMENT, `"${path}" is not a percent-encoded path.`, {
    hint: 'Encode each component as encodeURIComponent does.',
  });
}
