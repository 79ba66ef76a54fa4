// The one gate between text and markup. Every string that reaches the report passes through here: prompts and
// responses come from models and may hold tags, quotes, lone surrogates or text-direction tricks.
//   showControls  makes invisible and direction-changing characters visible, for any output
//   escapeMarkup  does that and escapes, for element content and quoted attributes

/** Characters that end a text node or an attribute value. */
const MARKUP: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
  '`': '&#96;',
};

/** Letters-and-digits name of an invisible character, e.g. `⟨202E⟩`. */
function codePointName(character: string): string {
  const hex = (character.codePointAt(0) ?? 0).toString(16).toUpperCase();
  return `⟨${hex.padStart(4, '0')}⟩`;
}

/** Makes control, zero-width and direction-changing characters visible. Keeps tab, line feed and letters. */
export function showControls(text: string): string {
  return (
    text
      .replace(/\r\n?/g, '␍\n')
      // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters to show
      .replace(/[\u0000-\u0008\u000B-\u001F]/g, (character) =>
        String.fromCharCode(0x2400 + character.charCodeAt(0)),
      )
      .replace(/[\u007F-\u009F\u061C\u200B\u200E\u200F\u2028-\u202E\u2060-\u206F\uFEFF]/g, codePointName)
  );
}

/**
 * Text as HTML or SVG source. Lone surrogates and non-characters become U+FFFD.
 *
 * @example
 * escapeMarkup('<b title="x">'); // '&lt;b title=&quot;x&quot;&gt;'
 */
export function escapeMarkup(text: string): string {
  return showControls(text.toWellFormed())
    .replace(/[\uFFFE\uFFFF]/g, '\uFFFD')
    .replace(/[&<>"'`]/g, (character) => MARKUP[character]);
}
