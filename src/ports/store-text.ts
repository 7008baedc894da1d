/** Marks an escaped code unit. Itself a control character that no one types, so ordinary texts are stored as they are. */
const mark = "\u0010";
const unsafe = /[\u0000\u0010\u001e\u001f]/;
const escaped = /[\u0000\u0010\u001e\u001f]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

/**
 * A text as databases can keep it, one-to-one: NUL (which PostgreSQL refuses) and halves of surrogate pairs (which UTF-8 can't hold)
 * are written as U+0010 and four hex digits, and so are U+001E and U+001F, which are thus free to part texts in lists. JSON documents are safe
 * as they are: they escape all of these by themselves.
 */
export function toStored(text: string): string {
  if (!unsafe.test(text) && text.isWellFormed()) return text;
  return text.replace(escaped, (unit) => mark + unit.charCodeAt(0).toString(16).padStart(4, "0"));
}

/** The text that `toStored` made this of. */
export function fromStored(stored: string): string {
  if (!stored.includes(mark)) return stored;
  return stored.replace(/\u0010([0-9a-f]{4})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}
