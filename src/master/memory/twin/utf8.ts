/** Twin of assembly/utf8.ts: what the platform's strict decoder accepts. */

export function isUtf8(bytes: Uint8Array): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    return true;
  } catch (error) {
    // The decoder refuses only invalid bytes; any other error is something else.
    if (error instanceof TypeError) return false;
    throw error;
  }
}
