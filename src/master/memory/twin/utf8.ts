/** Twin of assembly/utf8.ts: what the platform's strict decoder accepts. */

export function isUtf8(bytes: Uint8Array): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    return true;
  } catch (error) {
    // The decoder's only refusal; anything else is not about the bytes.
    if (error instanceof TypeError) return false;
    throw error;
  }
}
