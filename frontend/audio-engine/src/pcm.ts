/** Base64 of PCM16 chunks, both ways, for the socket. */

/** Base64 of the bytes; chunks are small (20 ms = 960 bytes), so the argument list of fromCharCode stays short. */
export function encodeBase64(pcm: ArrayBuffer): string {
  return btoa(String.fromCharCode(...new Uint8Array(pcm)));
}

/** The bytes, shortened to whole samples. Throws DOMException when the text is not base64. */
export function decodeBase64(text: string): ArrayBuffer {
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length & ~1);
  for (let i = 0; i < bytes.length; i += 1) bytes[i] = binary.charCodeAt(i);
  return bytes.buffer;
}
