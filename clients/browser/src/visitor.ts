const KEY = "watchbell-visitor";

/**
 * A random text that this browser keeps for itself. Nothing where it keeps nothing, or where somebody asked not to be
 * followed (`globalPrivacyControl`).
 */
export function visitor(): string | undefined {
  try {
    if ((navigator as { globalPrivacyControl?: boolean }).globalPrivacyControl) return undefined;
    const known = localStorage.getItem(KEY);
    if (known && /^[0-9a-f]{32}$/.test(known)) return known;
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    const fresh = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
    localStorage.setItem(KEY, fresh);
    return fresh;
  } catch {
    return undefined;
  }
}
